"""Facts for WindowOracleTest: what pydicom's apply_modality_lut and apply_voi_lut give for generated values.

python3 windows.py > ../resources/org/vesalius/clinical/imaging/windows.json     (Debian's python3-pydicom, python3-numpy)
"""
import hashlib
import json
import random

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

rng = random.Random(20260101)
CASES = []


def table(first, entries, bits, count=None):
    item = Dataset()
    item.LUTDescriptor = [len(entries) if count is None else count, first, bits]
    item.LUTData = entries
    return Sequence([item])


def case(name, bits, signed, modality=None, window=None, function=None, voi=None, index=0):
    ds = Dataset()
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsStored, ds.PixelRepresentation = bits, int(signed)
    ds.BitsAllocated = 8 if bits <= 8 else 16
    low = -(1 << bits - 1) if signed else 0
    high = low + (1 << bits) - 1
    stored = sorted({low, high, 0, *(rng.randint(low, high) for _ in range(17))})
    arr = np.array(stored, dtype=np.int32)
    fact = {"name": name, "stored": stored}
    if modality and modality[0] == "rescale":
        ds.RescaleSlope, ds.RescaleIntercept = modality[1], modality[2]
        fact["slope"], fact["intercept"] = modality[1], modality[2]
    elif modality:
        ds.ModalityLUTSequence = table(modality[1], modality[3], modality[2])
        fact["modality_table"] = {"first": modality[1], "bits": modality[2], "entries": modality[3]}
    if window:
        centres, widths = window
        ds.WindowCenter, ds.WindowWidth = centres, widths
        fact["centre"] = centres[index] if isinstance(centres, list) else centres
        fact["width"] = widths[index] if isinstance(widths, list) else widths
        fact["function"] = function or "LINEAR"
    if function:
        ds.VOILUTFunction = function
    if voi:
        ds.VOILUTSequence = table(voi[0], voi[2], voi[1])
        fact["voi_table"] = {"first": voi[0], "bits": voi[1], "entries": voi[2]}
    measured = apply_modality_lut(arr, ds)
    if voi:
        measured = measured.astype(np.int64)
    shown = apply_voi_lut(measured, ds, index)
    fact["measured"] = [float(v) for v in measured]
    fact["shown"] = [float(v) for v in shown]
    # The range that apply_windowing spreads brightness over.
    ramp = apply_voi_lut(np.array([-1e300, 1e300]), ds, index) if not voi else None
    fact["range"] = [0, (1 << voi[1]) - 1] if voi else [float(ramp[0]), float(ramp[1])]
    CASES.append(fact)


case("CT", 12, False, ("rescale", 1.0, -1024.0), (40.0, 400.0))
case("signed 16 bits", 16, True, ("rescale", 1.0, 0.0), (35.0, 80.0))
case("PET, a small slope", 16, True, ("rescale", 0.0123, 0.0), (3.5, 7.25), "LINEAR_EXACT")
case("negative slope", 12, False, ("rescale", -2.5, 100.0), (-4000.0, 9000.0))
case("no rescale", 16, False, None, (30000.0, 20001.0))
case("8 bits", 8, False, None, (128.0, 256.0))
case("narrowest", 12, False, None, (700.0, 1.0))
case("exact, below 1", 12, False, None, (700.25, 0.5), "LINEAR_EXACT")
case("sigmoid", 12, False, ("rescale", 1.0, -1024.0), (40.0, 400.0), "SIGMOID")
case("sigmoid, signed", 12, True, None, (-100.5, 333.25), "SIGMOID")
case("the second of two", 12, False, ("rescale", 1.0, -1024.0), ([40.0, -600.0], [400.0, 1500.0]), index=1)
case("modality table", 10, False, ("table", 100, 16, [int(65535 * (i / 99) ** 2) for i in range(100)]), (30000.0, 20000.0))
case("VOI table", 12, False, None, None, None, (500, 16, [int(65535 * (i / 63) ** 0.5) for i in range(64)]))
case("VOI table, signed", 12, True, None, None, None, (-300, 12, [64 * i for i in range(64)]))
case("VOI table after rescale", 12, False, ("rescale", 2.0, -1000.0), None, None, (-900, 10, [16 * i for i in range(64)]))

# MedGemma's three windows as bytes, of all whole Hounsfield units from -1300 to 1100.
hu = np.arange(-1300, 1101)
rgb = []
for low, high in ((-1225, 1025), (-135, 215), (0, 80)):
    v = np.clip(hu, low, high).astype(np.float32)
    v -= low
    v /= high - low
    v *= 255.0
    rgb.append(np.round(v, 0).astype(np.uint8))
print(json.dumps({
    "oracle": f"pydicom {pydicom.__version__}, numpy {np.__version__}",
    "cases": CASES,
    "ct_rgb": {"first": -1300, "count": len(hu), "sha256": hashlib.sha256(np.stack(rgb, -1).tobytes()).hexdigest()},
}).replace("}, {\"name\"", "},\n{\"name\""))
