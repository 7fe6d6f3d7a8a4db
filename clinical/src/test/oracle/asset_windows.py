"""Facts for AssetWindowsTest: apply_modality_lut and apply_voi_lut of pydicom on real files, and colours as RGB.

python3 asset_windows.py ASSETS/medical-images > ../resources/org/vesalius/clinical/imaging/asset-windows.json
(Debian's python3-pydicom and python3-gdcm). With a second argument, a folder, all values of all files go there too.
"""
import json
import pathlib
import sys
import warnings

import numpy as np
import pydicom
from pydicom.pixel_data_handlers.util import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space

warnings.simplefilter("ignore")
root = pathlib.Path(sys.argv[1])
whole = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
FACTS = []
SKIPPED = {}
SAMPLES = 2
LOSSY = {"1.2.840.10008.1.2.4." + n for n in ("50", "51", "53", "55", "81", "91")}

for entry in json.load(open(root / "dicom-golden.json"))["files"]:
    name = entry["file"]
    if name.endswith("J2K_pixelrep_mismatch.dcm"):
        continue  # GDCM takes the stream's word for the sign, where it should be the header's
    if name.endswith("SC_rgb_small_odd_big_endian.dcm"):
        continue  # bytes in big endian words, which this pydicom does not exchange
    if "rtdose_expb" in name:
        continue  # 32 bits in big endian words of 16: GDCM, which decides here, and pydicom differ
    try:
        ds = pydicom.dcmread(root / name, force=True)
        if "PixelData" not in ds or "PhotometricInterpretation" not in ds:
            continue
        if entry["transfer_syntax"] in LOSSY:
            continue  # decoders may differ by one
        arr = ds.pixel_array
        if int(ds.get("NumberOfFrames", 1)) > 1:
            arr = arr[0]
        if ds.PixelRepresentation == 0 and ds.HighBit == ds.BitsStored - 1:
            arr = arr & ((1 << ds.BitsStored) - 1)  # overlays of old files lie in the bits above; pydicom leaves them in
        photometric = ds.PhotometricInterpretation
        fact = {"file": name, "photometric": photometric}
        if photometric.startswith("MONOCHROME"):
            measured = np.asarray(apply_modality_lut(arr, ds), dtype=np.float64)
            fact["own_window"] = "WindowWidth" in ds or "VOILUTSequence" in ds
            shown = np.asarray(apply_voi_lut(apply_modality_lut(arr, ds), ds), dtype=np.float64)
            if "VOILUTSequence" in ds:
                fact["range"] = [0, 2 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1]
            elif fact["own_window"]:
                ramp = apply_voi_lut(np.array([-1e300, 1e300]), ds)
                fact["range"] = [float(ramp[0]), float(ramp[1])]
            flat = {"measured": measured.ravel(), "shown": shown.ravel()}
        elif photometric == "PALETTE COLOR":
            colours = apply_color_lut(arr, ds)
            bits = ds.RedPaletteColorLookupTableDescriptor[2]
            flat = {"rgb": (colours.astype(np.float64) * 255 / (2 ** bits - 1)).ravel()}
        elif ds.file_meta.TransferSyntaxUID.is_compressed and ds.file_meta.TransferSyntaxUID not in (
                "1.2.840.10008.1.2.5",):
            continue  # what a decoder makes of colours is its own affair
        else:
            rgb = convert_color_space(arr, photometric, "RGB") if photometric.startswith("YBR") else arr
            flat = {"rgb": (rgb.astype(np.float64) * 255 / (2 ** ds.BitsStored - 1)).ravel()}
        step = max(1, arr.size // SAMPLES)
        for key, values in flat.items():
            fact[key + "_mean"] = float(values.mean())
            fact[key] = {str(i): float(values[i]) for i in range(step // 2, len(values), max(1, len(values) // SAMPLES))}
            if whole:
                (whole / (name.replace("/", "_") + "." + key)).write_bytes(values.astype("<f8").tobytes())
        FACTS.append(fact)
    except Exception as e:  # what pydicom cannot read is no fact
        SKIPPED[name] = f"{type(e).__name__}: {e}"[:150]
for name, why in SKIPPED.items():
    print(f"skipped {name}: {why}", file=sys.stderr)
print(json.dumps({"oracle": f"pydicom {pydicom.__version__}", "files": FACTS}).replace("}, {\"file\"", "},\n{\"file\""))
