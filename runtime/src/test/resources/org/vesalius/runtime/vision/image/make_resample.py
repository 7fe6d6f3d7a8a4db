"""Pillow's resize on small random pictures, and smart_resize on a table of sizes.

Usage: python3 make_resample.py FOLDER, with transformers 5.12.1 and Pillow 13.0.0."""
import base64, gzip, json, sys
import numpy as np
from PIL import Image
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize
rng = np.random.default_rng(7)
F = {"bilinear": 2, "bicubic": 3, "lanczos": 1, "box": 4, "hamming": 5}
b = lambda a: base64.b64encode(a.tobytes()).decode()
shapes = [((1,1),(28,28)),((1,37),(9,11)),((37,1),(11,9)),((1,64),(28,2)),((13,17),(28,28)),((64,48),(28,28)),((23,19),(23,7)),
          ((23,19),(7,19)),((31,5),(4,40)),((5,31),(40,4)),((199,2),(28,28)),((2,199),(14,28)),((16,16),(16,16)),((29,29),(28,28)),((28,28),(30,29)),((50,60),(3,2))]
out = []
for n, ((w, h), (ow, oh)) in enumerate(shapes):
    kind = n % 3
    def pic(*shape):
        a = rng.integers(0, 256, shape).astype(np.uint8)
        return a if kind == 0 else ((a > 127) * 255).astype(np.uint8) if kind == 1 else np.sort(a, axis=0)
    rgb = pic(h, w, 3)
    g16 = rng.integers(0, 65536, (h, w)).astype(np.uint16)
    e = {"width": w, "height": h, "outWidth": ow, "outHeight": oh, "rgb": b(rgb), "gray16": b(g16.astype(">u2")), "out": {}, "outFloat": {}, "outGray16": {}}
    for f, code in F.items():
        e["out"][f] = b(np.array(Image.fromarray(rgb).resize((ow, oh), code)))
        if f == "box" or f == "hamming": continue
        e["outFloat"][f] = b(np.array(Image.fromarray(g16.astype(np.float32)).resize((ow, oh), code)).astype(">f4"))
        if f != "bicubic": continue
        im = Image.frombytes("I;16", (w, h), g16.astype("<u2").tobytes())
        e["outGray16"][f] = b(np.array(im.resize((ow, oh), code)).astype(">u2"))
    out.append(e)
rows = []
for _ in range(600):
    h, w = (int(2 ** rng.uniform(0, 13)) for _ in range(2))
    if rng.random() < .3: h = int(rng.integers(1, 60)) * 14   # exact halves of the factor: round half to even
    if rng.random() < .3: w = int(rng.integers(1, 60)) * 16
    factor, lo, hi = [(28, 3136, 12845056), (28, 3136, 1003520), (28, 3136, 7840), (32, 65536, 16777216), (32, 4096, 50176), (28, 1, 50176)][int(rng.integers(6))]
    try: r = list(smart_resize(h, w, factor, lo, hi))
    except ValueError: r = [-1, -1]
    rows.append([h, w, factor, lo, hi] + r)
for h, w in ((200, 1), (201, 1), (1, 200), (1, 201), (14, 2800), (14, 2801), (400, 2), (401, 2)):
    try: r = list(smart_resize(h, w, 28, 3136, 12845056))
    except ValueError: r = [-1, -1]
    rows.append([h, w, 28, 3136, 12845056] + r)
with gzip.GzipFile(sys.argv[1] + "/resample.json.gz", "wb", 9, mtime=0) as f:
    f.write(json.dumps({"versions": "Pillow 13.0.0", "cases": out}, separators=(",", ":")).encode())
with gzip.GzipFile(sys.argv[1] + "/smart_resize.json.gz", "wb", 9, mtime=0) as f:
    f.write(json.dumps({"versions": "transformers 5.12.1", "columns": ["height","width","factor","minPixels","maxPixels","resizedHeight","resizedWidth (-1: refused)"], "rows": rows}, separators=(",", ":")).encode())
