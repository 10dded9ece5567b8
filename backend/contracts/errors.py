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
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message
