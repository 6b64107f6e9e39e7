/** Which language a file is in, by its name alone, and which one a codebase is in. */

/**
 * Programming languages by extension. The order of the languages decides ties: a codebase with as much TypeScript
 * as JavaScript is a TypeScript one.
 */
const PROGRAMMING: Readonly<Record<string, string>> = {
  typescript: 'ts tsx mts cts',
  javascript: 'js jsx mjs cjs',
  python: 'py pyi pyw pyx ipynb',
  go: 'go',
  rust: 'rs',
  kotlin: 'kt kts',
  scala: 'scala sc sbt',
  groovy: 'groovy gvy gradle jenkinsfile',
  java: 'java',
  csharp: 'cs csx',
  fsharp: 'fs fsi fsx',
  'visual-basic': 'vb vbs',
  cuda: 'cu cuh',
  cpp: 'cpp cc cxx c++ hpp hh hxx h++ ipp tpp inl ixx cppm',
  'objective-c': 'm mm',
  c: 'c',
  swift: 'swift',
  dart: 'dart',
  ruby: 'rb rake gemspec ru podspec',
  php: 'php phtml',
  elixir: 'ex exs eex heex',
  erlang: 'erl hrl',
  gleam: 'gleam',
  haskell: 'hs lhs',
  elm: 'elm',
  purescript: 'purs',
  ocaml: 'ml mli',
  reason: 're rei',
  clojure: 'clj cljs cljc',
  lisp: 'lisp lsp cl',
  'emacs-lisp': 'el',
  scheme: 'scm ss',
  racket: 'rkt',
  lua: 'lua',
  perl: 'pl pm pod',
  raku: 'raku rakumod',
  r: 'r rmd',
  julia: 'jl',
  fortran: 'f f77 f90 f95 f03 f08',
  matlab: 'mlx',
  ada: 'adb ads',
  pascal: 'pas dpr',
  cobol: 'cob cbl cpy',
  d: 'd',
  nim: 'nim nims',
  zig: 'zig',
  crystal: 'cr',
  odin: 'odin',
  v: 'vsh',
  solidity: 'sol',
  systemverilog: 'sv svh',
  verilog: 'v',
  vhdl: 'vhd vhdl',
  assembly: 'asm s',
  glsl: 'glsl vert frag comp',
  hlsl: 'hlsl',
  gdscript: 'gd',
  coffeescript: 'coffee',
  vue: 'vue',
  svelte: 'svelte',
  astro: 'astro',
  apex: 'apex trigger',
  tcl: 'tcl',
  powershell: 'ps1 psm1 psd1',
  batch: 'bat cmd',
  shell: 'sh bash zsh fish ksh bats',
  awk: 'awk',
  vimscript: 'vim',
  nix: 'nix',
  hcl: 'tf tfvars hcl',
  starlark: 'bzl star',
};

/** What goes with a program, and is the language only of a codebase that has no program. */
const SECONDARY: Readonly<Record<string, string>> = {
  sql: 'sql ddl dml pgsql',
  html: 'html htm xhtml',
  css: 'css',
  scss: 'scss sass',
  less: 'less styl',
  protobuf: 'proto',
  graphql: 'graphql gql graphqls',
  thrift: 'thrift',
  template: 'hbs mustache ejs jinja jinja2 j2 erb liquid twig pug haml slim njk',
  tex: 'tex sty bib',
  markdown: 'md mdx markdown',
  restructuredtext: 'rst',
  asciidoc: 'adoc asciidoc',
  dockerfile: 'dockerfile',
  make: 'mk mak',
  cmake: 'cmake',
  yaml: 'yaml yml',
  toml: 'toml',
  xml: 'xml xsd xsl xslt plist',
  json: 'json jsonc json5 jsonl ndjson',
};

/** Files known by their whole name, in lower case. */
const NAMES: Readonly<Record<string, string>> = {
  gemfile: 'ruby',
  rakefile: 'ruby',
  vagrantfile: 'ruby',
  podfile: 'ruby',
  fastfile: 'ruby',
  brewfile: 'ruby',
  jenkinsfile: 'groovy',
  sconstruct: 'python',
  sconscript: 'python',
  wscript: 'python',
  'go.mod': 'go',
  build: 'starlark',
  'build.bazel': 'starlark',
  workspace: 'starlark',
  tiltfile: 'starlark',
  '.bashrc': 'shell',
  '.zshrc': 'shell',
  '.profile': 'shell',
  '.vimrc': 'vimscript',
  dockerfile: 'dockerfile',
  containerfile: 'dockerfile',
  makefile: 'make',
  gnumakefile: 'make',
  'cmakelists.txt': 'cmake',
};

/** Headers belong to whichever of these the codebase is written in. */
const HEADER = 'h';
const HEADER_OWNERS = ['cpp', 'c', 'objective-c', 'cuda'] as const;

const RANK = new Map(
  [...Object.keys(PROGRAMMING), ...Object.keys(SECONDARY)].map((language, index) => [language, index]),
);
const EXTENSIONS = new Map(
  [...Object.entries(PROGRAMMING), ...Object.entries(SECONDARY)].flatMap(([language, extensions]) =>
    extensions.split(' ').map((extension) => [extension, language] as const),
  ),
);

/** The language of a file, or undefined when its name does not tell; `.h` gives `h`. */
function languageOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const known = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (known !== undefined) return known;
  // Declarations say nothing about the code that they declare.
  if (/\.d\.[cm]?ts$/.test(name)) return undefined;
  const dot = name.lastIndexOf('.');
  if (dot < 0) return undefined;
  const extension = name.slice(dot + 1);
  return extension === HEADER ? HEADER : EXTENSIONS.get(extension);
}

/** Counts files and finds the language of most of them. */
export class Tally {
  #files = 0;
  readonly #languages = new Map<string, number>();

  get files(): number {
    return this.#files;
  }

  add(path: string): void {
    this.#files += 1;
    const language = languageOf(path);
    if (language !== undefined) this.#languages.set(language, (this.#languages.get(language) ?? 0) + 1);
  }

  /** The programming language with most files, otherwise the markup, data or style; `unknown` for neither. */
  language(): string {
    const counts = new Map(this.#languages);
    const headers = counts.get(HEADER) ?? 0;
    counts.delete(HEADER);
    if (headers > 0) {
      const owner = winner(counts, (language) => HEADER_OWNERS.some((one) => one === language)) ?? 'c';
      counts.set(owner, (counts.get(owner) ?? 0) + headers);
    }
    const programming = winner(counts, (language) => Object.hasOwn(PROGRAMMING, language));
    return programming ?? winner(counts, () => true) ?? 'unknown';
  }
}

function winner(
  counts: ReadonlyMap<string, number>,
  eligible: (language: string) => boolean,
): string | undefined {
  const candidates = [...counts].filter(([language]) => eligible(language));
  candidates.sort(([a, most], [b, more]) => more - most || (RANK.get(a) ?? 0) - (RANK.get(b) ?? 0));
  return candidates[0]?.[0];
}
