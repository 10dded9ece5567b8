"""TLS to a Docker engine: the three files, and what is wrong when it does not come about."""

import ssl
from pathlib import Path

from backend.contracts.errors import OperatorError

FILES = ("ca.pem", "cert.pem", "key.pem")
_EXPIRED, _NOT_YET, _OTHER_HOST, _OTHER_ADDRESS = 10, 9, 62, 64


def tls_context(folder: Path) -> ssl.SSLContext:
    """Trusts the folder's ca.pem alone, and shows its cert.pem; OperatorError when the files are no good."""
    for name in FILES:
        try:
            (folder / name).read_bytes()
        except OSError as error:
            raise OperatorError(
                f"{folder / name} cannot be read: {(error.strerror or str(error)).lower()}",
                f"The folder needs {', '.join(FILES)}, readable by this user.",
            ) from None
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
    except (ssl.SSLError, OSError):
        raise OperatorError(
            f"the files in {folder} are no certificates, or key.pem does not belong to cert.pem",
            "Copy the three files again from where they were made.",
        ) from None
    return context


def tls_problem(error: OSError, where: str) -> OperatorError:
    """Why no TLS connection came about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_problem(error, where)
    if isinstance(error, TimeoutError):
        return OperatorError(
            f"{where} does not go through with the TLS handshake", "What listens there may be no engine."
        )
    reason = getattr(error, "reason", None) or ""
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return certificate_refused(where)
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return OperatorError(
            f"what listens on {where} speaks no TLS", "Correct the port (2376 with TLS), or leave TLS out."
        )
    if isinstance(error, (ConnectionError, ssl.SSLEOFError)):
        return OperatorError(
            f"{where} broke the TLS handshake off", "What listens there may be no engine; look at its log."
        )
    return OperatorError(f"TLS to {where} failed: {reason or error}", "Look at the engine's log.")


def certificate_refused(where: str) -> OperatorError:
    """The engine hung up after it saw who we are; it does not always say why."""
    return OperatorError(
        f"the engine on {where} refuses our client certificate",
        "cert.pem must be signed by the authority that the engine was started with (--tlscacert).",
    )


def _certificate_problem(error: ssl.SSLCertVerificationError, where: str) -> OperatorError:
    code = error.verify_code
    if code in (_EXPIRED, _NOT_YET):
        word = "has expired" if code == _EXPIRED else "is not valid yet"
        return OperatorError(
            f"the certificate of {where} {word}", "Make a new one for the engine; check both clocks."
        )
    if code in (_OTHER_HOST, _OTHER_ADDRESS):
        return OperatorError(
            f"the certificate of {where} is for another host",
            "Use the name that stands in it, or make one that has this name or address.",
        )
    return OperatorError(
        f"the certificate of {where} is not signed by ca.pem ({error.verify_message})",
        "Take ca.pem from the authority of that engine. If it should be right, somebody may be in between.",
    )
