"""Sockets that behave like engines, or do not: real listeners on this machine."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Serve = Callable[[socket.socket], None]

ANSWER = b'{"Version": "20.10.24", "ApiVersion": "1.41"}'


def http(body: bytes, status: str = "200 OK") -> Serve:
    """Reads a request and gives an HTTP answer."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body)

    return serve


def raw(text: bytes) -> Serve:
    """Says something at once."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(text)
        connection.recv(65536)

    return serve


def silent(connection: socket.socket) -> None:
    """Takes what comes and says nothing until the other side goes."""
    while connection.recv(65536):
        pass


def closing(connection: socket.socket) -> None:
    """Reads a request and hangs up."""
    connection.recv(65536)


@contextmanager
def listening(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server, _serving(server, serve, context):
        yield server.getsockname()[1]


@contextmanager
def listening_on(path: Path, serve: Serve) -> Iterator[None]:
    """Answer on a UNIX socket."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with _serving(server, serve, None):
            yield


@contextmanager
def _serving(server: socket.socket, serve: Serve, context: ssl.SSLContext | None) -> Iterator[None]:
    ended = threading.Event()
    server.settimeout(0.1)

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)
            try:
                with context.wrap_socket(connection, server_side=True) if context else connection as secured:
                    serve(secured)
            except OSError:
                continue  # the other side did not like what it saw: that is what is tested

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Authority:
    """A self-made certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", folder / "ca-key.pem", "-out", folder / "ca.pem", "-days", "2",
            "-subj", f"/CN={folder.name}",
        )  # fmt: skip

    def sign(self, name: str, alternative: str) -> tuple[Path, Path]:
        """A certificate and its key, for `IP:…` or `DNS:…`."""
        key, request, certificate = (self.folder / f"{name}{end}" for end in ("-key.pem", ".csr", ".pem"))
        extension = self.folder / f"{name}.ext"
        extension.write_text(f"subjectAltName={alternative}\n")
        _openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", request, "-subj", f"/CN={name}",
        )  # fmt: skip
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.folder / "ca.pem", "-CAkey",
            self.folder / "ca-key.pem", "-set_serial", "1", "-days", "1", "-out", certificate,
            "-extfile", extension,
        )  # fmt: skip
        return certificate, key

    def client_folder(self, folder: Path, trusts: "Authority") -> Path:
        """ca.pem, cert.pem and key.pem of a client of this authority that trusts another one."""
        folder.mkdir()
        certificate, key = self.sign(f"client-{folder.name}", "DNS:client")
        (folder / "cert.pem").write_bytes(certificate.read_bytes())
        (folder / "key.pem").write_bytes(key.read_bytes())
        (folder / "ca.pem").write_bytes((trusts.folder / "ca.pem").read_bytes())
        return folder

    def server(self, alternative: str = "IP:127.0.0.1") -> ssl.SSLContext:
        """What an engine of this authority listens with: clients have to show a certificate of it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sign(f"server-{alternative.replace(':', '-')}", alternative))
        context.load_verify_locations(self.folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
