# Has never been installed: there is no release so far. .github/pack.sh fills in the version and the checksum, and the
# release has the result; a tap takes it as it is.
class CodebaseGardener < Formula
  desc "Project registry of Codebase Gardener: one daemon owns it, every tool is a client"
  homepage "https://github.com/codebase-gardener/registry"
  url "https://github.com/codebase-gardener/registry/releases/download/v@VERSION@/codebase-gardener-@VERSION@.tgz"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "node"

  # No service block: "gardener service install" makes the service, which listens before anybody calls, finds a Node that
  # is there after upgrades, and has a way without launchd's help where there is none.
  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
  end

  def caveats
    <<~EOS
      The daemon starts with the first call. To have it from login on:
        gardener service install
    EOS
  end

  test do
    ENV["HOME"] = testpath
    (testpath/"payments/main.py").write "print('hello')\n"
    assert_match "added payments", shell_output("#{bin}/gardener add payments")
    assert_match "payments", shell_output("#{bin}/gardener ls --quiet")
  ensure
    system bin/"gardener", "daemon", "stop"
  end
end
