"""The one error that is written for the operator."""


class OperatorError(Exception):
    """Something the operator has to know: what happened, what it means, what to do.

    `exit_code` is what the command line ends with.
    """

    def __init__(self, message: str, remedy: str = "", *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self) -> str:
        """Message and remedy in one line."""
        if not self.remedy:
            return self.message
        return f"{self.message.rstrip('.')}. {self.remedy}"
