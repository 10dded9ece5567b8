"""Plain SQL dumps are judged without being run."""

import pytest

from backend.database.sql_script import ScriptCheck, UnsafeScriptError

_END = "--\n-- PostgreSQL database dump complete\n--\n\n"


def check(text: str) -> None:
    script = ScriptCheck("dump.sql")
    script.take(line.encode() for line in text.splitlines(keepends=True))
    script.finish()


def refusal(text: str) -> str | None:
    """Why the script is refused; None when it passes."""
    try:
        check(text)
    except UnsafeScriptError as error:
        return error.message
    return None


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE a (b text);\n",
        "COPY public.a (b) FROM stdin;\n\\\\connect elsewhere\nDROP DATABASE musicdb;\n\\.\n",
        "INSERT INTO a VALUES ('\nDROP DATABASE musicdb;\n\\connect x\n');\n",
        "INSERT INTO a VALUES (E'it\\'s\nDROP DATABASE musicdb;\n');\n",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $_$\nBEGIN\nDROP DATABASE x;\nEND\n$_$;\n",
        "/* DROP DATABASE x;\n\\connect y */\nSELECT 1;\n",
        'CREATE TABLE "a;\nDROP DATABASE x" (b int);\n',
        "-- DROP DATABASE x; \\connect y\n",
        "\\restrict abc123\nSELECT 1;\n\\unrestrict abc123\n",
        "SELECT 'DROP DATABASE x';\n",
        "ALTER TABLE database_names ADD COLUMN c int;\n",
    ],
)
def test_what_stays_in_its_database_passes(text: str) -> None:
    assert refusal(text + _END) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("\\connect elsewhere\n", r"\\connect in line 1"),
        ("\\c elsewhere\n", r"\\c in line 1"),
        ("SELECT 1;\nDROP DATABASE musicdb;\n", "DROP DATABASE in line 2"),
        ("create   database\n x;\n", "CREATE DATABASE"),
        ("DROP\nDATABASE x;\n", "DROP DATABASE in line 2"),
        ("/* why */ ALTER DATABASE x SET a = b;\n", "ALTER DATABASE"),
        ("SELECT 1; DROP DATABASE x;\n", "DROP DATABASE"),
        ("SELECT 'DROP DATABASE x' \\gexec\n", r"\\gexec"),
        ("\\! rm -rf /\n", r"\\!"),
        ("\\i other.sql\n", r"\\i"),
        ("SELECT 'closed'; \\connect x\n", r"\\connect"),
        ("COPY a FROM stdin;\n1\n\\.\n\\connect x\n", r"\\connect in line 4"),
        ("DROP DATABASE x", "DROP DATABASE"),
    ],
)
def test_what_leaves_its_database_is_refused_with_the_line(text: str, named: str) -> None:
    with pytest.raises(UnsafeScriptError, match=named):
        check(text + "\n" + _END)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE a (b text);\n",
        "COPY a FROM stdin;\n1\n2\n" + _END,
        "INSERT INTO a VALUES ('begun\n" + _END,
        "--\n-- PostgreSQL database cluster dump complete\n--\n",
    ],
)
def test_what_is_cut_off_is_refused(text: str) -> None:
    with pytest.raises(UnsafeScriptError, match="is cut off"):
        check(text)


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(UnsafeScriptError, match="is empty"):
        check("\n\n")
