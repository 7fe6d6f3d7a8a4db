"""Writes tiny DICOM files of every transfer syntax with DCMTK and GDCM, and what they decode to.

Needs Debian's python3-pydicom, python3-numpy, dcmtk and libgdcm-tools. The output is Base64 of
deflated records: a line with a name, the SHA-256 of the pixels as GDCM and DCMTK decode them (little
endian, interleaved), the photometric interpretation after decoding and the size of the file; then
the file.
"""
import base64
import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import pydicom
import pydicom.encaps
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

random = np.random.default_rng(7)
work = tempfile.mkdtemp()


def image(name, pixels, photometric, stored, signed=0, frames=1):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    meta.ImplementationClassUID = "1.2.3.4"
    data = FileDataset(name, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    data.SOPInstanceUID = "1.2.3"
    data.Modality = "OT"
    data.PatientName = "Nobody"
    data.SamplesPerPixel = 3 if photometric == "RGB" else 1
    data.PhotometricInterpretation = photometric
    if photometric == "RGB":
        data.PlanarConfiguration = 0
    if frames > 1:
        data.NumberOfFrames = frames
    data.Rows = pixels.shape[1 if frames > 1 else 0]
    data.Columns = pixels.shape[2 if frames > 1 else 1]
    data.BitsAllocated = 8 * pixels.dtype.itemsize
    data.BitsStored = stored
    data.HighBit = stored - 1
    data.PixelRepresentation = signed
    item = Dataset()
    item.WindowCenter = 100
    data.FrameVOILUTSequence = pydicom.Sequence([item])
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    data.is_little_endian = True
    data.is_implicit_VR = False
    path = os.path.join(work, name)
    data.save_as(path, write_like_original=False)
    return path


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit("%s: %s" % (" ".join(command), result.stderr))


def decoded(path, name):
    """The pixels of GDCM, and of DCMTK where it has the codec; they must agree."""
    raw = os.path.join(work, name + ".raw")
    results = []
    for tool in (["gdcmconv", "--raw"], ["dcmdjpeg", "+cn"], ["dcmdjpls"], ["dcmdrle"], ["dcmconv", "+te"]):
        if subprocess.run(tool + [path, raw], capture_output=True).returncode != 0:
            continue
        data = pydicom.dcmread(raw)
        if data.file_meta.TransferSyntaxUID.is_compressed or not data.is_little_endian:
            continue
        size = int(data.Rows) * data.Columns * data.SamplesPerPixel * data.BitsAllocated // 8
        pixels = data.PixelData[: size * int(data.get("NumberOfFrames", 1))]
        if data.get("PlanarConfiguration", 0) == 1:
            plane = np.frombuffer(pixels, np.uint8).reshape(-1, 3, data.Rows * data.Columns)
            pixels = plane.transpose(0, 2, 1).tobytes()
        photometric = str(data.PhotometricInterpretation).replace("_422", "")
        results.append((hashlib.sha256(pixels).hexdigest(), photometric))
    if not results or len(set(results)) > 1:
        sys.exit("%s: oracles say %s" % (name, results))
    return results[0]


def with_table(source, path):
    """JPEG-LS whose samples are indices of a mapping table in two parts, which no tool here reads."""
    run("dcmcjpls", source, path)
    data = pydicom.dcmread(path)
    indices = np.frombuffer(pydicom.dcmread(source).PixelData, np.uint8)[: data.Rows * data.Columns]
    table = (np.arange(256) * 16 + 5).astype(">u2").tobytes()
    frame = next(pydicom.encaps.generate_pixel_data_frame(data.PixelData, 1))
    scan = frame.index(b"\xff\xda")
    segments = b""
    for kind, part in ((2, table[:300]), (3, table[300:])):
        segments += b"\xff\xf8" + struct.pack(">HBBB", 5 + len(part), kind, 9, 2) + part
    header = frame[scan : scan + 6] + b"\x09" + frame[scan + 7 :]
    data.PixelData = pydicom.encaps.encapsulate([frame[:scan] + segments + header])
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.save_as(path)
    mapped = np.frombuffer(table, ">u2")[indices].astype("<u2")
    return hashlib.sha256(mapped.tobytes()).hexdigest(), str(data.PhotometricInterpretation)


def main():
    y, x = np.mgrid[0:9, 0:11]
    wave = 2000 + 1500 * np.sin(x / 3) * np.cos(y / 2)
    grey = (wave + random.integers(-30, 30, wave.shape)).clip(0, 4095).astype("<u2")
    signed = (wave - 2000 + random.integers(-30, 30, wave.shape)).astype("<i2")
    grey8 = (grey >> 4).astype("u1")
    grey8[2:4, 1:6] = 77
    colour = np.stack([grey8, 255 - grey8, (x * 9 + y * 11) & 255], axis=-1).astype("u1")
    two = np.stack([grey8, grey8[::-1]])
    sources = {
        "grey12": image("grey12", grey, "MONOCHROME2", 12),
        "signed": image("signed", signed, "MONOCHROME2", 16, 1),
        "grey8": image("grey8", grey8, "MONOCHROME2", 8),
        "colour": image("colour", colour, "RGB", 8),
        "grey7": image("grey7", grey8 >> 1, "MONOCHROME2", 7),
        "low": image("low", grey8 >> 2, "MONOCHROME2", 8),
        "frames": image("frames", two, "MONOCHROME2", 8, frames=2),
    }
    conversions = [
        ("explicit", "grey12", ["dcmconv", "+te"]),
        ("implicit", "signed", ["dcmconv", "+ti"]),
        ("big-endian", "grey12", ["dcmconv", "+tb"]),
        ("deflated", "grey12", ["dcmconv", "+td"]),
        ("explicit-colour", "colour", ["dcmconv", "+te"]),
        ("rle", "signed", ["dcmcrle"]),
        ("rle-colour", "colour", ["dcmcrle"]),
        ("rle-frames", "frames", ["dcmcrle"]),
        ("jpeg-baseline", "grey8", ["dcmcjpeg", "+eb"]),
        ("jpeg-colour", "colour", ["dcmcjpeg", "+eb", "+cy"]),
        ("jpeg-rgb", "colour", ["dcmcjpeg", "+eb", "+cr"]),
        ("jpeg-extended", "grey12", ["dcmcjpeg", "+ee"]),
        ("jpeg-spectral", "grey12", ["dcmcjpeg", "+es"]),
        ("jpeg-progressive", "grey8", ["dcmcjpeg", "+ep"]),
        ("jpeg-lossless", "signed", ["dcmcjpeg", "+el", "+sv", "6"]),
        ("jpeg-lossless-1", "grey12", ["dcmcjpeg", "+e1"]),
        ("jpeg-lossless-frames", "frames", ["dcmcjpeg", "+e1"]),
        ("jpeg-ls", "grey12", ["dcmcjpls"]),
        ("jpeg-ls-near", "grey8", ["dcmcjpls", "+en", "+md", "3"]),
        ("jpeg-ls-line", "colour", ["dcmcjpls", "+il"]),
        ("jpeg-ls-sample", "colour", ["dcmcjpls", "+is"]),
        ("jpeg-ls-7", "grey7", ["dcmcjpls", "+pc"]),
        ("jpeg-ls-7-near", "grey7", ["dcmcjpls", "+pc", "+en", "+md", "2"]),
        ("jpeg-ls-thresholds", "signed", ["dcmcjpls", "+t1", "258", "+t2", "1027", "+t3", "4356"]),
        ("jpeg-ls-low", "low", ["dcmcjpls"]),
        ("jpeg-ls-table", "grey8", None),
        ("jpeg-2000", "signed", ["gdcmconv", "--j2k"]),
        ("jpeg-2000-colour", "colour", ["gdcmconv", "--j2k"]),
        ("jpeg-2000-lossy", "grey8", ["gdcmconv", "--j2k", "--lossy", "-q", "40"]),
    ]
    records = b""
    for name, source, command in conversions:
        path = os.path.join(work, name + ".dcm")
        if command is None:
            digest, photometric = with_table(sources[source], path)
        else:
            run(*command, sources[source], path)
            digest, photometric = decoded(path, name)
        with open(path, "rb") as file:
            content = file.read()
        line = "%s %s %s %d\n" % (name, digest, photometric.replace(" ", "_"), len(content))
        records += line.encode() + content
    text = base64.b64encode(zlib.compress(records, 9)).decode()
    for at in range(0, len(text), 100):
        print(text[at : at + 100])


main()
