"""Files of the corpus that FFmpeg cannot write, made by hand: xHE-AAC, Musepack, and MPEG-TS with teletext."""

import struct

_RATE = 48000
_FRAME = 1024  # samples of one xHE-AAC frame


def xhe_aac(seconds: int) -> bytes:
    """Return silence as xHE-AAC (ISO/IEC 23003-3) in an MP4 whose index is in front."""
    count = seconds * _RATE // _FRAME
    # independent, core_mode FD, no TNS, global_gain, long window, no scale factor bands, no FAC
    frame = _bits((1, 1), (0, 1), (0, 1), (0, 8), (0, 2), (0, 1), (0, 6), (0, 1))
    head = _box(b"ftyp", b"mp42\0\0\0\0mp42isom")
    size = len(head) + len(_xhe_index(count, len(frame), 0)) + 8
    return head + _xhe_index(count, len(frame), size) + _box(b"mdat", frame * count)


def no_decoder(seconds: int) -> bytes:
    """Return an MP4 that says that its sound is AC-4, for which FFmpeg has no decoder."""
    return xhe_aac(seconds).replace(b"mp4a", b"ac-4").replace(b"esds", b"free")


def _xhe_index(count: int, size: int, start: int) -> bytes:
    length = count * _FRAME
    config = _bits(
        (31, 5), (42 - 32, 6), (3, 4), (1, 4),  # audio object type 42, 48 kHz, mono
        (3, 5), (1, 3), (1, 5),  # 48 kHz, 1024 samples, mono
        (0, 4), (0, 2), (0, 1), (0, 1), (0, 1),  # one single channel element, no time warping, no noise filling
    )  # fmt: skip
    decoder = _descriptor(4, b"\x40\x15" + bytes(11) + _descriptor(5, config))
    esds = _box(b"esds", bytes(4) + _descriptor(3, b"\0\1\0" + decoder + _descriptor(6, b"\2")))
    sample = bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHIHH", 1, 16, 0, _RATE, 0)
    tables = [
        _box(b"stsd", struct.pack(">II", 0, 1) + _box(b"mp4a", sample + esds)),
        _box(b"stts", struct.pack(">IIII", 0, 1, count, _FRAME)),
        _box(b"stsc", struct.pack(">IIIII", 0, 1, 1, count, 1)),
        _box(b"stsz", struct.pack(">III", 0, size, count)),
        _box(b"stco", struct.pack(">III", 0, 1, start)),
    ]
    source = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1) + _box(b"url ", b"\0\0\0\1")))
    media = _box(b"minf", _box(b"smhd", bytes(8)), source, _box(b"stbl", *tables))
    handler = _box(b"hdlr", bytes(8) + b"soun" + bytes(13))
    timed = _box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, _RATE, length, 0x55C4, 0))
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    shown = _box(b"tkhd", struct.pack(">6I", 7, 0, 0, 1, 0, length) + bytes(12) + b"\1\0\0\0" + matrix + bytes(8))
    whole = struct.pack(">5I", 0, 0, 0, _RATE, length) + b"\0\1\0\0\1\0" + bytes(10) + matrix + bytes(24)
    return _box(
        b"moov", _box(b"mvhd", whole + struct.pack(">I", 2)), _box(b"trak", shown, _box(b"mdia", timed, handler, media))
    )


def musepack(seconds: int) -> bytes:
    """Return silence as Musepack SV7."""
    frames = seconds * 44100 // 1152
    # every frame: its length in bits, then the one band of both channels, which is not used
    words = [b"MP+\x07", struct.pack("<II", frames, 0), bytes(12)]
    bits = [(0, 8)]
    for _ in range(frames):
        bits += [(8, 20), (0, 8)]
    body = _bits(*bits, (0, 64))
    body += bytes(-len(body) % 4)
    swapped = b"".join(body[at : at + 4][::-1] for at in range(0, len(body), 4))
    return b"".join(words) + swapped


def with_teletext(stream: bytes) -> bytes:
    """Return an MPEG-TS with a teletext stream added to its table of streams (EN 300 468, 6.2.43)."""
    packets = [stream[at : at + 188] for at in range(0, len(stream), 188)]
    return b"".join(_with_entry(packet) if _is_program(packet) else packet for packet in packets)


def _is_program(packet: bytes) -> bool:
    return packet[1] & 0x40 != 0 and packet[3] & 0x30 == 0x10 and packet[4] == 0 and packet[5] == 2


def _with_entry(packet: bytes) -> bytes:
    length = struct.unpack(">H", packet[6:8])[0] & 0xFFF
    table = bytearray(packet[5 : 5 + 3 + length - 4])
    table += b"\x06\xe2\x00\xf0\x07" + b"\x56\x05eng\x10\x88"
    table[1:3] = struct.pack(">H", 0xB000 | len(table) + 4 - 3)
    whole = packet[:5] + bytes(table) + struct.pack(">I", _crc(bytes(table)))
    return whole.ljust(188, b"\xff")


def _crc(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def _box(kind: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def _bits(*fields: tuple[int, int]) -> bytes:
    """Pack (value, number of bits), the highest bit first, and fill the last byte with zeros."""
    text = "".join(f"{value:0{size}b}" for value, size in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")
