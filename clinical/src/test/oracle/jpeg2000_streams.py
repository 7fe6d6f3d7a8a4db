"""Writes small JPEG 2000 streams with OpenJPEG, and what it decodes them to.

Needs Debian's libopenjp2-tools. The output is Base64 of deflated records: a line with a name, the
SHA-256 of the samples (one byte each, interleaved), width, height, components and the size of the
stream; then the stream.
"""
import base64
import hashlib
import math
import os
import random
import subprocess
import tempfile
import zlib

WIDTH, HEIGHT = 37, 33
STREAMS = [
    ("layers-by-resolution", "ppm", "-p RLCP -r 20,5,1 -t 16,16 -n 3"),
    ("by-place", "pgm", "-p RPCL -r 9,1 -t 20,13 -n 3"),
    ("by-column-precincts", "pgm", "-p PCRL -c [32,32],[16,16] -b 16,16 -n 3 -r 4,1"),
    ("by-component", "ppm", "-p CPRL -n 3 -b 8,8 -mct 0"),
    ("all-styles", "pgm", "-M 63 -r 10,1"),
    ("bypass", "pgm", "-M 1 -b 32,32 -r 8,3,1"),
    ("causal-markers", "pgm", "-M 8 -SOP -EPH"),
    ("irreversible", "ppm", "-I -r 6"),
    ("irreversible-offset", "pgm", "-I -d 5,3 -T 2,1 -t 16,16 -n 3 -r 3"),
    ("region", "pgm", "-ROI c=0,U=3"),
    ("progressions", "pgm", "-POC T1=0,0,2,3,1,LRCP/T1=0,0,2,6,1,RPCL -r 10,1"),
]


def main():
    random.seed(5)
    folder = tempfile.mkdtemp()
    grey = bytearray()
    for i in range(WIDTH * HEIGHT):
        wave = 127 + 100 * math.sin(i % WIDTH / 6) * math.cos(i // WIDTH / 4)
        grey.append(max(0, min(255, int(wave) + random.randint(0, 1))))
    colour = b"".join(bytes((g, 255 - g, g // 2 + 40)) for g in grey)
    size = b"\n%d %d\n255\n" % (WIDTH, HEIGHT)
    with open(os.path.join(folder, "in.pgm"), "wb") as file:
        file.write(b"P5" + size + grey)
    with open(os.path.join(folder, "in.ppm"), "wb") as file:
        file.write(b"P6" + size + colour)
    records = b""
    for name, kind, options in STREAMS:
        stream = os.path.join(folder, name + ".j2k")
        pixels = os.path.join(folder, name + "." + kind)
        source = os.path.join(folder, "in." + kind)
        command = ["opj_compress", "-i", source, "-o", stream] + options.split()
        subprocess.run(command, check=True, capture_output=True)
        subprocess.run(["opj_decompress", "-i", stream, "-o", pixels], check=True, capture_output=True)
        components = 3 if kind == "ppm" else 1
        with open(pixels, "rb") as file:
            samples = file.read()[-WIDTH * HEIGHT * components :]
        with open(stream, "rb") as file:
            content = file.read()
        digest = hashlib.sha256(samples).hexdigest()
        line = "%s %s %d %d %d %d\n" % (name, digest, WIDTH, HEIGHT, components, len(content))
        records += line.encode() + content
    text = base64.b64encode(zlib.compress(records, 9)).decode()
    for at in range(0, len(text), 100):
        print(text[at : at + 100])


main()
