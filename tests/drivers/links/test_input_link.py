"""A keyboard as a link. Opening and grabbing one needs a kernel with input devices, which a build machine has
not: a module in python-evdev's place plays them; the events go through a real descriptor."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import tty
from collections.abc import Iterator
from types import ModuleType

import pytest

from drivers.contract import Device, Frame, Instant, LinkDown, Port, Reject, Sighting
from drivers.links.input import open_input
from drivers.links.keys import EVENT
from drivers.listener import Listener
from drivers.scanners.scanner import Options, Scanner
from edge import settings as schema
from edge.wiring import opener

PATH = "/dev/input/by-id/usb-Honeywell_1450g-event-kbd"
KEYS = dict(zip("1234567890", range(2, 12), strict=True)) | {"\r": 28}


def press(text: str) -> bytes:
    return b"".join(EVENT.pack(0, 0, 1, KEYS[char], value) for char in text for value in (1, 0))


class FakeKeyboard:
    """What open_input uses of ``evdev.InputDevice``, over a terminal: it fails to read when unplugged."""

    refuses: OSError | None = None
    held: OSError | None = None
    made: FakeKeyboard

    def __init__(self, path: str) -> None:
        if self.refuses:
            raise self.refuses
        self.path = path
        self.device, self._ours = os.openpty()
        tty.setraw(self._ours)
        os.set_blocking(self._ours, False)
        self.grabbed = self.closed = False
        self.plugged = True
        FakeKeyboard.made = self

    def fileno(self) -> int:
        return self._ours

    def grab(self) -> None:
        if self.held:
            raise self.held
        self.grabbed = True

    def close(self) -> None:
        self.closed = True
        os.close(self._ours)

    def unplug(self) -> None:
        if self.plugged:
            self.plugged = False
            os.close(self.device)


@pytest.fixture
def keyboards(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeKeyboard]]:
    module = ModuleType("evdev")
    vars(module)["InputDevice"] = FakeKeyboard
    monkeypatch.setitem(sys.modules, "evdev", module)
    monkeypatch.setattr(FakeKeyboard, "refuses", None)
    monkeypatch.setattr(FakeKeyboard, "held", None)
    yield FakeKeyboard
    if "made" in vars(FakeKeyboard):
        FakeKeyboard.made.unplug()
        del FakeKeyboard.made


async def test_what_is_typed_is_read_and_the_keyboard_is_ours_alone(keyboards: type[FakeKeyboard]) -> None:
    link = await open_input(PATH)
    keyboard = keyboards.made
    assert (keyboard.path, keyboard.grabbed) == (PATH, True)
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0)
    os.write(keyboard.device, EVENT.pack(0, 0, 4, 4, 0x7001E) + EVENT.pack(0, 0, 0, 0, 0))
    await asyncio.sleep(0.01)
    assert not reading.done(), "events that type nothing are no bytes"
    os.write(keyboard.device, press("12\r"))
    said = await reading
    while len(said) < 3:
        said += await link.read()
    assert said == b"12\r"
    await link.write(b"nobody listens")
    link.close()
    assert keyboard.closed
    with pytest.raises(LinkDown, match="the link was closed"):
        await link.read()
    link.close()


async def test_unplugging_takes_the_link_down(keyboards: type[FakeKeyboard]) -> None:
    link = await open_input(PATH)
    os.write(keyboards.made.device, press("7"))
    assert await link.read() == b"7"
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0)
    keyboards.made.unplug()
    with pytest.raises(LinkDown, match=f"^{PATH}: the scanner is gone .*check its cable"):
        await reading
    assert keyboards.made.closed
    link.close()


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOENT, "no such device; check the cable and the path"),
        (errno.ENODEV, "no such device"),
        (errno.EACCES, "group input"),
        (errno.ENOTTY, "cannot be read as a keyboard"),
    ],
)
async def test_a_keyboard_that_cannot_be_opened(
    keyboards: type[FakeKeyboard], monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    monkeypatch.setattr(keyboards, "refuses", OSError(number, os.strerror(number)))
    with pytest.raises(LinkDown, match=f"^{PATH}: .*{advice}"):
        await open_input(PATH)


async def test_a_keyboard_that_another_program_has_grabbed(
    keyboards: type[FakeKeyboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyboards, "held", OSError(errno.EBUSY, "Device or resource busy"))
    with pytest.raises(LinkDown, match="another program has grabbed this keyboard"):
        await open_input(PATH)
    assert keyboards.made.closed


async def test_without_the_library_the_link_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(LinkDown, match=r"not installed; install the extra tagtrail\[input\].*pip"):
        await open_input(PATH)


async def test_the_library_itself_where_it_is_installed() -> None:
    pytest.importorskip("evdev")
    with pytest.raises(LinkDown, match="no such device"):
        await open_input("/dev/input/event-that-is-not-there")
    with pytest.raises(LinkDown, match="cannot be read as a keyboard"):
        await open_input("/dev/null")


class Heard:
    """An Emit that keeps everything."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.reasons: list[str] = []

    def __call__(self, device: str, observations: object, frame: Frame) -> None:
        assert isinstance(observations, tuple)
        for seen in observations:
            assert isinstance(seen, Sighting)
            self.codes.append(" ".join(seen.code))

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.reasons.append(str(reject.reason))


async def test_from_the_settings_to_a_sighting(keyboards: type[FakeKeyboard]) -> None:
    port = schema.Port.model_validate({"input": PATH})
    assert port.kind == "input"
    heard = Heard()
    listener = Listener(
        Port("scanner", port.kind, port.timeout_s),
        opener(port),
        [Device("bench-scanner", Scanner(Options.model_validate({})), None)],
        lambda: Instant(0),
    )
    running = asyncio.create_task(listener.run(heard))
    while "made" not in vars(keyboards) or not keyboards.made.grabbed:
        await asyncio.sleep(0.01)
    keyboard = keyboards.made
    lost = EVENT.pack(0, 0, 0, 3, 0) + EVENT.pack(0, 0, 0, 0, 0)
    os.write(keyboard.device, press("0012\r00") + lost + press("13\r14\r"))
    while len(heard.codes) < 2:
        await asyncio.sleep(0.01)
    assert heard.codes == ["text 0012", "text 14"]
    assert heard.reasons == ["length"], "the scan in which events were lost is no code"
    keyboard.unplug()
    with pytest.raises(LinkDown):
        await running
