# SPDX-License-Identifier: MIT
"""Certificates for the tests, made by openssl: one authority signs what a test asks for."""
import datetime
import subprocess


def openssl(*argv):
    subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True, timeout=60)


def make_key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    path.chmod(0o600)
    return path


class Authority:
    """A CA in a folder of its own: `ca` is its certificate."""

    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        folder.mkdir()
        self.ca = folder / "ca.pem"
        self.key = make_key(folder / "ca.key")
        openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", "2", "-out", self.ca,
                "-addext", "basicConstraints=critical,CA:TRUE")
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        (folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca = here\n[here]\ndatabase = {folder}/index.txt\nnew_certs_dir = {folder}\n"
            f"serial = {folder}/serial\ndefault_md = sha256\npolicy = any\nunique_subject = no\n"
            "[any]\ncommonName = supplied\n")

    def issue(self, name, alternatives="IP:127.0.0.1,DNS:localhost", begin_s=-3600, end_s=86400):
        """(certificate, key) for some names, valid from now + begin_s to now + end_s."""
        certificate, key = self.folder / f"{name}.pem", make_key(self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName = {alternatives}\n")
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = (f"{now + datetime.timedelta(seconds=s):%Y%m%d%H%M%SZ}" for s in (begin_s, end_s))
        openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.conf", "-keyfile", self.key, "-cert", self.ca,
                "-in", request, "-out", certificate, "-extfile", extensions, "-startdate", begin, "-enddate", end)
        return certificate, key
