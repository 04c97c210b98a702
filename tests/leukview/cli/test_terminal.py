import io
import os
import signal
import subprocess
import sys
import threading

import pytest
from rich.console import Console

from leukview.cli import terminal as module
from leukview.cli.terminal import Terminal, both_names, printable, stoppable, write_text


def test_escape_sequences_in_names_are_shown_not_run():
    assert printable("a\x1b[2Jä細\n\u202e") == "a\\x1b[2Jä細\n\\u202e"


def test_a_class_has_its_name_in_the_table_beside_it_where_that_is_another_word():
    assert both_names("ALL blast", "all") == "ALL blast (all)"
    assert both_names("Basophil", "basophil") == "Basophil"


def test_quiet_says_errors_only(capsys):
    terminal = Terminal(-1)
    terminal.say("hello [bold]")
    terminal.error("bad [x] " + "long " * 40)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "bad [x] " + "long " * 40 + "\n"


def test_progress_is_silent_in_a_pipe_and_shows_the_rate_on_a_terminal(capsys):
    with Terminal().progress(3, "images") as show:
        show(3)
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    screen = io.StringIO()
    terminal.errors = Console(file=screen, force_terminal=True, width=120)
    with terminal.progress(4, "images") as show:
        show(1)
        show(4)
    assert "4/4" in screen.getvalue()
    assert "images/s" in screen.getvalue()


def test_the_first_stop_is_a_token_and_a_later_one_ends_everything(monkeypatch):
    clock = iter([10.0, 10.1, 11.5])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    before = signal.getsignal(signal.SIGINT)
    with stoppable() as token:
        assert not token.cancelled
        signal.raise_signal(signal.SIGINT)
        assert token.cancelled
        signal.raise_signal(signal.SIGINT)  # the same wish, told to the group as well
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_gets_a_token_without_touching_signals():
    seen = []

    def work():
        with stoppable() as token:
            seen.append((token.cancelled, signal.getsignal(signal.SIGINT)))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]


def test_data_is_utf8_with_its_own_line_ends_in_any_locale():
    program = r"from leukview.cli.terminal import write_text; write_text('ä細\r\n')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.stdout == "ä細\r\n".encode()


def test_data_reaches_a_replaced_standard_output(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    write_text("x\r\n")
    assert screen.getvalue() == "x\r\n"
