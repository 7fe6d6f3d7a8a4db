"""Writes tiles of slides in JPEG 2000 with OpenJPEG, and what OpenSlide decodes them to.

Needs Debian's libopenjp2-tools and python3-openslide. The output is Base64 of deflated records: a
line with a name, the compression of the TIFF tag, the side of the tile, the SHA-256 of its red, green
and blue bytes and the size of the stream; then the stream.
"""
import base64
import hashlib
import math
import os
import random
import struct
import subprocess
import tempfile
import zlib

import openslide

SIDE = 40
TILES = [
    ("rgb", 33005, "1x1:1x1:1x1", "-r 3,1"),
    ("rgb-lossy", 33005, "1x1:1x1:1x1", "-I -r 8"),
    ("rgb-untransformed", 33005, "1x1:1x1:1x1", "-mct 0 -r 4"),
    ("ycc", 33003, "1x1:1x1:1x1", "-mct 0"),
    ("ycc-422", 33003, "1x1:2x1:2x1", "-mct 0"),
    ("ycc-422-lossy", 33003, "1x1:2x1:2x1", "-mct 0 -I -r 6"),
    ("ycc-420-by-place", 33003, "1x1:2x2:2x2", "-mct 0 -n 3 -p RPCL -c [32,32],[16,16] -b 16,16"),
    ("ycc-422-by-column", 33003, "1x1:2x1:2x1", "-mct 0 -n 3 -p PCRL -c [16,32],[16,16] -b 16,16"),
    ("ycc-420-by-component", 33003, "1x1:2x2:2x2", "-mct 0 -n 3 -p CPRL -c [32,16] -b 8,8 -r 5,1"),
    ("ycc-422-tiles", 33003, "1x1:2x1:2x1", "-mct 0 -n 2 -t 32,16 -p PCRL"),
    ("ycc-410", 33003, "1x1:4x2:4x2", "-mct 0 -n 2"),
]
folder = tempfile.mkdtemp()


def plane(across, down, phase):
    values = bytearray()
    for y in range(0, SIDE, down):
        for x in range(0, SIDE, across):
            wave = 128 + 120 * math.sin(x / 7 + phase) * math.cos(y / 5 - phase)
            values.append(max(0, min(255, int(wave) + random.randint(0, 1))))
    return bytes(values)


def tiff(compression, stream):
    """One tile, as OpenSlide takes it for one of Aperio's."""
    description = b"Aperio Image Library\n%dx%d\0" % (SIDE, SIDE)
    data = b"II*\0" + struct.pack("<I", 8 + len(description) + 6 + len(stream))
    described = len(data)
    data += description
    bits = len(data)
    data += struct.pack("<HHH", 8, 8, 8)
    tile = len(data)
    data += stream
    entries = [
        (256, 4, 1, SIDE),
        (257, 4, 1, SIDE),
        (258, 3, 3, bits),
        (259, 3, 1, compression),
        (262, 3, 1, 2),
        (270, 2, len(description), described),
        (277, 3, 1, 3),
        (284, 3, 1, 1),
        (322, 3, 1, SIDE),
        (323, 3, 1, SIDE),
        (324, 4, 1, tile),
        (325, 4, 1, len(stream)),
    ]
    data += struct.pack("<H", len(entries))
    for tag, kind, count, value in entries:
        data += struct.pack("<HHI", tag, kind, count)
        data += struct.pack("<HH", value, 0) if kind == 3 and count == 1 else struct.pack("<I", value)
    return data + struct.pack("<I", 0)


def main():
    random.seed(11)
    records = b""
    for name, compression, sampling, options in TILES:
        raw = os.path.join(folder, name + ".raw")
        with open(raw, "wb") as file:
            for c, factors in enumerate(sampling.split(":")):
                across, down = map(int, factors.split("x"))
                file.write(plane(across, down, c))
        stream = os.path.join(folder, name + ".j2k")
        form = "%d,%d,3,8,u@%s" % (SIDE, SIDE, sampling)
        command = ["opj_compress", "-F", form, "-i", raw, "-o", stream] + options.split()
        subprocess.run(command, check=True, capture_output=True)
        with open(stream, "rb") as file:
            content = file.read()
        path = os.path.join(folder, name + ".svs")
        with open(path, "wb") as file:
            file.write(tiff(compression, content))
        slide = openslide.OpenSlide(path)
        assert slide.properties["openslide.vendor"] == "aperio"
        rgb = slide.read_region((0, 0), 0, (SIDE, SIDE)).convert("RGB").tobytes()
        digest = hashlib.sha256(rgb).hexdigest()
        line = "%s %d %d %s %d\n" % (name, compression, SIDE, digest, len(content))
        records += line.encode() + content
    text = base64.b64encode(zlib.compress(records, 9)).decode()
    for at in range(0, len(text), 100):
        print(text[at : at + 100])


main()
