"""Writes one tiny file per image variant and what load_image makes of it.

Usage: python3 make_formats.py FOLDER, with transformers 5.12.1 and Pillow 13.0.0."""
import base64, gzip, io, json, os, struct, sys, warnings, zlib
import numpy as np
from PIL import Image, ImageOps
from transformers.image_utils import load_image
warnings.simplefilter("ignore")
rng = np.random.default_rng(20260101)
out = []

def add(name, data, path_ext=None):
    im = Image.open(io.BytesIO(data))
    mode = im.mode
    entry = {"name": name, "file": base64.b64encode(data).decode(), "mode": mode}
    try:
        up = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        if mode in ("I;16", "I;16B") or mode == "I" and np.array(up).min() >= 0:
            a = np.array(up).astype(np.uint16)
            entry["gray16"] = base64.b64encode(a.astype(">u2").tobytes()).decode()
            entry["width"], entry["height"] = a.shape[1], a.shape[0]
        else:
            r = up.convert("RGB")
            entry["rgb"] = base64.b64encode(r.tobytes()).decode()
            entry["width"], entry["height"] = r.size
    except Exception as e:
        entry["error"] = f"{type(e).__name__}: {e}"
    out.append(entry)

def chunk(t, d):
    return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))

def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c

def filt(rows, bpp):
    res, prev = bytearray(), None
    for i, r in enumerate(rows):
        if prev is None or len(prev) != len(r): prev = bytes(len(r))
        f = i % 5
        res.append(f)
        for j, v in enumerate(r):
            a = r[j-bpp] if j >= bpp else 0
            b = prev[j]; c = prev[j-bpp] if j >= bpp else 0
            res.append((v - (0, a, b, (a+b)//2, paeth(a,b,c))[f]) & 255)
        prev = r
    return bytes(res)

def pack(samples, depth):  # samples (h, w, ch) -> rows of bytes
    rows = []
    for r in samples:
        flat = r.reshape(-1)
        if depth == 16: rows.append(flat.astype(">u2").tobytes())
        elif depth == 8: rows.append(flat.astype(np.uint8).tobytes())
        else:
            per = 8 // depth; b = bytearray()
            for k in range(0, len(flat), per):
                v = 0
                for m in range(per):
                    v = (v << depth) | (int(flat[k+m]) if k+m < len(flat) else 0)
                b.append(v)
            rows.append(bytes(b))
    return rows

def png(s, depth, ctype, interlace=False, plte=None, trns=None, extra=(), split=50):
    h, w, ch = s.shape
    bpp = max(1, ch * depth // 8)
    if interlace:
        raw = b""
        for y0, x0, dy, dx in ((0,0,8,8),(0,4,8,8),(4,0,8,4),(0,2,4,4),(2,0,4,2),(0,1,2,2),(1,0,2,1)):
            sub = s[y0::dy, x0::dx]
            if sub.size: raw += filt(pack(sub, depth), bpp)
    else: raw = filt(pack(s, depth), bpp)
    z = zlib.compress(raw, 9)
    d = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, ctype, 0, 0, int(interlace)))
    for t, x in extra: d += chunk(t, x)
    if plte is not None: d += chunk(b"PLTE", plte)
    if trns is not None: d += chunk(b"tRNS", trns)
    for k in range(0, len(z), split): d += chunk(b"IDAT", z[k:k+split])
    return d + chunk(b"IEND", b"")

CH = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
for ctype, depths in {0: (1,2,4,8,16), 2: (8,16), 3: (1,2,4,8), 4: (8,16), 6: (8,16)}.items():
    for depth in depths:
        for il in (False, True):
            s = rng.integers(0, 1 << depth, (11, 13, CH[ctype]))
            plte = rng.integers(0, 256, 3 << depth).astype(np.uint8).tobytes() if ctype == 3 else None
            add(f"png-c{ctype}-d{depth}{'-adam7' if il else ''}", png(s, depth, ctype, il, plte))
add("png-adam7-1x1", png(rng.integers(0, 256, (1, 1, 3)), 8, 2, True))
add("png-adam7-3x2", png(rng.integers(0, 256, (2, 3, 3)), 8, 2, True))
s = rng.integers(0, 256, (5, 6, 1)); add("png-gray-trns", png(s, 8, 0, trns=struct.pack(">H", int(s[0,0,0]))))
s = rng.integers(0, 2, (5, 6, 1)); add("png-gray1-trns", png(s, 1, 0, trns=struct.pack(">H", 1)))
s = rng.integers(0, 65536, (5, 6, 1)); add("png-gray16-trns", png(s, 16, 0, trns=struct.pack(">H", int(s[0,0,0]))))
s = rng.integers(0, 256, (5, 6, 3)); add("png-rgb-trns", png(s, 8, 2, trns=struct.pack(">HHH", *map(int, s[0,0]))))
s = rng.integers(0, 16, (5, 6, 1)); add("png-palette-trns", png(s, 4, 3, plte=rng.integers(0,256,48).astype(np.uint8).tobytes(), trns=bytes(range(0,160,10))))
s = rng.integers(0, 16, (5, 6, 1)); add("png-palette-short", png(s, 4, 3, plte=rng.integers(0,256,30).astype(np.uint8).tobytes()))
s = rng.integers(0, 256, (5, 6, 3)); add("png-gamma-srgb", png(s, 8, 2, extra=[(b"gAMA", struct.pack(">I", 100000)), (b"bKGD", b"\0\1\0\2\0\3")]))

def tiff_block(o, big=True):
    e = ">" if big else "<"
    return (b"MM\0*" if big else b"II*\0") + struct.pack(e+"IHHHIHHI", 8, 1, 0x112, 3, 1, o, 0, 0)
for o in range(0, 10):
    s = rng.integers(0, 256, (4, 6, 3)); add(f"png-exif-{o}", png(s, 8, 2, extra=[(b"eXIf", tiff_block(o, o % 2 == 0))]))
xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
s = rng.integers(0, 256, (4, 6, 3)); add("png-xmp-6", png(s, 8, 2, extra=[(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.encode())]))
xmpe = '<tiff:Orientation>8</tiff:Orientation>'
s = rng.integers(0, 256, (4, 6, 3)); add("png-xmp-8-element", png(s, 8, 2, extra=[(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmpe.encode())]))
s = rng.integers(0, 256, (4, 6, 3)); add("png-xmp-z", png(s, 8, 2, extra=[(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp.encode()))]))
t = b"Exif\0\0" + tiff_block(3)
raw = f"\nexif\n{len(t):8}\n{t.hex()}\n".encode()
s = rng.integers(0, 256, (4, 6, 3)); add("png-rawprofile-3", png(s, 8, 2, extra=[(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw))]))
s = rng.integers(0, 65536, (4, 6, 1)); add("png-gray16-exif-6", png(s, 16, 0, extra=[(b"eXIf", tiff_block(6))]))

def smooth(w, h, ch=3):
    y, x = np.mgrid[0:h, 0:w]
    a = np.stack([127+120*np.sin(x*0.31*(c+1)+c)*np.cos(y*0.23*(c+1)) for c in range(ch)], -1) + rng.normal(0, 14, (h, w, ch))
    a = np.clip(a, 0, 255).astype(np.uint8)
    return a[..., 0] if ch == 1 else a

def save(a, fmt, mode=None, **kw):
    b = io.BytesIO(); im = a if isinstance(a, Image.Image) else Image.fromarray(a, mode) if mode else Image.fromarray(a)
    im.save(b, fmt, **kw); return b.getvalue()

for sub in (0, 1, 2):
    for (w, h) in ((37, 29), (1, 1), (2, 2), (3, 17), (17, 3), (5, 5), (33, 16)):
        add(f"jpeg-sub{sub}-{w}x{h}", save(smooth(w, h), "JPEG", quality=85, subsampling=sub))
for q in (1, 25, 60, 100):
    add(f"jpeg-q{q}", save(smooth(40, 24), "JPEG", quality=q))
add("jpeg-gray", save(smooth(37, 29, 1), "JPEG", quality=80))
add("jpeg-gray-progressive", save(smooth(37, 29, 1), "JPEG", quality=80, progressive=True))
add("jpeg-progressive", save(smooth(37, 29), "JPEG", quality=80, progressive=True))
add("jpeg-progressive-444", save(smooth(37, 29), "JPEG", quality=95, progressive=True, subsampling=0))
add("jpeg-restart", save(smooth(50, 40), "JPEG", quality=80, restart_marker_blocks=2))
add("jpeg-rgb", save(smooth(37, 29), "JPEG", quality=90, keep_rgb=True))
cm = Image.fromarray(smooth(37, 29, 4), "CMYK")
adobe = save(cm, "JPEG", quality=90)
add("jpeg-cmyk", adobe)
def without_app14(d):
    p = d.index(b"\xff\xee"); n = struct.unpack(">H", d[p+2:p+4])[0]; return d[:p] + d[p+2+n:]
add("jpeg-cmyk-no-adobe", without_app14(adobe) if b"\xff\xee" in adobe else adobe)
def with_transform(d, t):
    p = d.index(b"Adobe"); return d[:p+11] + bytes([t]) + d[p+12:]
if b"Adobe" in adobe: add("jpeg-ycck", with_transform(adobe, 2))
icc = None
from PIL import ImageCms
prof = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
add("jpeg-icc", save(smooth(20, 20), "JPEG", quality=90, icc_profile=prof))
add("jpeg-bad-icc", save(smooth(20, 20), "JPEG", quality=90, icc_profile=b"not a profile at all" * 8))
add("jpeg-comment", save(smooth(20, 20), "JPEG", quality=90, comment=b"a comment"))
def resample(d, v):
    p = d.index(b"\xff\xc0"); return d[:p+11] + bytes([v]) + d[p+12:]
add("jpeg-440", resample(save(smooth(32, 32), "JPEG", quality=85, subsampling=1), 0x12))
add("jpeg-440-30x31", resample(save(smooth(30, 31), "JPEG", quality=85, subsampling=1), 0x12))
add("jpeg-411", resample(save(smooth(32, 32), "JPEG", quality=85, subsampling=2), 0x41))
add("jpeg-v4", resample(save(smooth(32, 32), "JPEG", quality=85, subsampling=2), 0x14))
# component ids R, G, B without JFIF and Adobe markers
d = save(smooth(20, 20), "JPEG", quality=90, subsampling=0)
p = d.index(b"\xff\xe0"); n = struct.unpack(">H", d[p+2:p+4])[0]; nojfif = d[:p] + d[p+2+n:]
add("jpeg-no-jfif", nojfif)
p = nojfif.index(b"\xff\xc0"); q = nojfif.index(b"\xff\xda"); e = bytearray(nojfif)
for k, c in enumerate(b"RGB"): e[p+10+3*k] = c; e[q+5+2*k] = c
add("jpeg-ids-rgb", bytes(e))
for o in range(0, 10):
    ex = Image.Exif(); ex[0x112] = o
    add(f"jpeg-exif-{o}", save(smooth(24, 16), "JPEG", quality=92, exif=ex))
add("jpeg-xmp-6", save(smooth(24, 16), "JPEG", quality=92, xmp=xmp.encode()))

pal = Image.fromarray(smooth(19, 14)).quantize(16)
gif_anim = [Image.fromarray(smooth(19, 14)).quantize(32) for _ in range(3)]
add("gif", save(pal, "GIF"))
add("gif-interlaced", save(pal, "GIF", interlace=1))
add("gif-gray", save(smooth(19, 14, 1), "GIF"))
add("gif-transparent", save(pal, "GIF", transparency=3))
add("gif-animated", save(gif_anim[0], "GIF", save_all=True, append_images=gif_anim[1:], duration=100))
g = bytearray(save(pal, "GIF"))
def logical(d, w, h, x, y, bg=0):
    d = bytearray(d); struct.pack_into("<HH", d, 6, w, h); d[11] = bg
    p = d.index(b"\x2c", 13 + 3 * (2 << (d[10] & 7))); struct.pack_into("<HH", d, p+1, x, y); return bytes(d)
add("gif-offset", logical(save(pal, "GIF"), 30, 25, 7, 5, 2))
add("gif-offset-transparent", logical(save(pal, "GIF", transparency=3), 30, 25, 7, 5, 2))

add("bmp-rgb", save(smooth(19, 14), "BMP"))
add("bmp-gray", save(smooth(19, 14, 1), "BMP"))
add("bmp-palette", save(pal, "BMP"))
add("bmp-1bit", save(Image.fromarray(smooth(19, 14, 1)).convert("1"), "BMP"))
add("bmp-rgba", save(smooth(19, 14, 4), "BMP"))

for c in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
    add(f"tiff-rgb-{c}", save(smooth(19, 14), "TIFF", compression=c))
add("tiff-gray", save(smooth(19, 14, 1), "TIFF"))
add("tiff-1bit", save(Image.fromarray(smooth(19, 14, 1)).convert("1"), "TIFF"))
add("tiff-1bit-g4", save(Image.fromarray(smooth(19, 14, 1)).convert("1"), "TIFF", compression="group4"))
add("tiff-palette", save(pal, "TIFF"))
add("tiff-rgba", save(smooth(19, 14, 4), "TIFF"))
add("tiff-la", save(Image.fromarray(smooth(19, 14, 2), "LA"), "TIFF"))
add("tiff-cmyk", save(cm, "TIFF"))
g16 = rng.integers(0, 65536, (14, 19)).astype(np.uint16)
add("tiff-gray16", save(Image.fromarray(g16), "TIFF"))
add("tiff-gray16-lzw", save(Image.fromarray(g16), "TIFF", compression="tiff_lzw"))
b16 = Image.frombytes("I;16B", (19, 14), g16.astype(">u2").tobytes())
add("tiff-gray16-be", save(b16, "TIFF"))
for o in (1, 3, 6, 8):
    add(f"tiff-orientation-{o}", save(smooth(12, 7), "TIFF", tiffinfo={274: o}))
def tiff(samples, bits, photometric, fmt=1, extra=None):
    h, w, ch = samples.shape
    data = samples.astype({8: "<u1", 16: "<u2", 32: "<f4" if fmt == 3 else "<u4"}[bits]).tobytes()
    tags = [(256,3,[w]),(257,3,[h]),(258,3,[bits]*ch),(259,3,[1]),(262,3,[photometric]),(273,4,[8]),(277,3,[ch]),(278,3,[h]),(279,4,[len(data)]),(339,3,[fmt]*ch)]
    if extra is not None: tags.append((338,3,[extra]))
    tags.sort()
    ifd = 8 + len(data) + len(data) % 2; blob = b""; pos = ifd + 2 + 12*len(tags) + 4
    e = struct.pack("<H", len(tags))
    for t, ty, v in tags:
        p = struct.pack("<" + ("H" if ty == 3 else "I")*len(v), *v)
        if len(p) <= 4: e += struct.pack("<HHI", t, ty, len(v)) + p.ljust(4, b"\0")
        else: e += struct.pack("<HHII", t, ty, len(v), pos+len(blob)); blob += p
    return b"II*\0" + struct.pack("<I", ifd) + data + b"\0"*(len(data)%2) + e + b"\0\0\0\0" + blob
add("tiff-white-is-zero", tiff(rng.integers(0,256,(7,9,1)), 8, 0))
add("tiff-gray16-white-is-zero", tiff(rng.integers(0,65536,(7,9,1)), 16, 0))
add("tiff-rgb16", tiff(rng.integers(0,65536,(7,9,3)), 16, 2))
add("tiff-rgba-associated", tiff(np.concatenate([rng.integers(0,100,(7,9,3)), rng.integers(0,256,(7,9,1))], 2), 8, 2, extra=1))
add("tiff-float32", tiff(rng.uniform(0,255,(7,9,1)), 32, 1, 3))
add("tiff-signed16", tiff(rng.integers(0,65536,(7,9,1)), 16, 1, 2))

add("webp-lossless", save(smooth(19, 14), "WEBP", lossless=True))
add("webp-lossless-alpha", save(smooth(19, 14, 4), "WEBP", lossless=True, exact=True))
add("webp-lossy", save(smooth(40, 30), "WEBP", quality=80))
ex = Image.Exif(); ex[0x112] = 6
add("webp-lossless-exif-6", save(smooth(19, 14), "WEBP", lossless=True, exif=ex))

add("pnm-p5", save(smooth(19, 14, 1), "PPM"))

def lossless(a, bits):
    """JPEG process 14, predictor 1 (left), one Huffman table of seventeen 5-bit codes."""
    h, w = a.shape; acc = []
    for y in range(h):
        for x in range(w):
            p = 1 << (bits-1) if x == 0 and y == 0 else int(a[y-1, 0]) if x == 0 else int(a[y, x-1])
            d = (int(a[y, x]) - p + 32768) % 65536 - 32768
            if d == -32768: d = 32768
            n = abs(d).bit_length(); acc.append((n, 5))
            if 0 < n < 16: acc.append((d if d > 0 else d + (1 << n) - 1, n))
    v = "".join(format(c, f"0{n}b") for c, n in acc); v += "1" * (-len(v) % 8)
    body = bytes(int(v[i:i+8], 2) for i in range(0, len(v), 8)).replace(b"\xff", b"\xff\0")
    seg = lambda m, d: bytes([0xff, m]) + struct.pack(">H", len(d)+2) + d
    return (b"\xff\xd8" + seg(0xc3, struct.pack(">BHHBBBB", bits, h, w, 1, 1, 0x11, 0))
            + seg(0xc4, bytes([0]) + bytes([0,0,0,0,17]+[0]*11) + bytes(range(17)))
            + seg(0xda, bytes([1, 1, 0, 1, 0, 0])) + body + b"\xff\xd9")
a8 = smooth(19, 14, 1); a16 = g16
out.append({"name": "jpeg-lossless-8", "mode": "", "file": base64.b64encode(lossless(a8, 8)).decode(), "width": 19, "height": 14, "rgb": base64.b64encode(np.repeat(a8[..., None], 3, 2).tobytes()).decode()})
out.append({"name": "jpeg-lossless-16", "mode": "", "file": base64.b64encode(lossless(a16, 16)).decode(), "width": 19, "height": 14, "gray16": base64.b64encode(a16.astype(">u2").tobytes()).decode()})
add("tiff-jpeg", save(smooth(40, 30), "TIFF", compression="jpeg", quality=90))
add("tiff-jpeg-gray", save(smooth(40, 30, 1), "TIFF", compression="jpeg", quality=90))
add("webp-lossy-gray", save(smooth(40, 30, 1), "WEBP", quality=80))
y, x = np.mgrid[0:48, 0:64]; soft = np.stack([x*3+20, y*4+30, 200-x-y], -1).clip(0,255).astype(np.uint8)
add("webp-lossy-smooth", save(soft, "WEBP", quality=80))
with gzip.GzipFile(sys.argv[1] + "/formats.json.gz", "wb", 9, mtime=0) as f:
    f.write(json.dumps({"versions": "transformers 5.12.1, Pillow 13.0.0", "cases": out}, separators=(",", ":")).encode())
for e in out: print(e["name"], e["mode"], e.get("error", ""))
