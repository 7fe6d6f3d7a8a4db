"""Writes processors.json.gz: inputs by formula and what the image processors make of them.

Usage: python3 make_processors.py FILE, with transformers 5.12.1, torchvision and Pillow 13.0.0."""
import base64, gzip, io, json, random, sys
import numpy as np
import torch
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil
from transformers.models.llava_next.modeling_llava_next import unpad_image, get_anyres_image_grid_shape
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor, smart_resize

def pixels(w, h, shift=0):
    y, x = np.mgrid[0:h, 0:w].astype(np.int64)
    planes = [x * x * 3 + y * y * 5 + x * y * (c + 1) + 17 * c + 31 * ((x // 4 + y // 6) % 3) + 40 * shift for c in range(3)]
    return np.stack([p & 255 for p in planes], -1).astype(np.uint8)

def picture(w, h, mode="RGB", shift=0):
    a = pixels(w, h, shift)
    if mode == "L":
        return Image.fromarray(a[..., 0])
    if mode == "RGBA":
        return Image.fromarray(np.dstack([a, a[..., 1] ^ 90]))
    return Image.fromarray(a)

def code(a):  # hexadecimal, because repeated values stay aligned and so compress
    return np.asarray(a, dtype=np.float32).astype(">f4").tobytes().hex()

cases = []

def add(kind, cls, settings, images, patch, mode="RGB"):
    config = cls(**settings).to_dict()
    config["image_processor_type"] = cls.__name__
    drop = ("image_processor_class", "processor_class", "data_format", "input_data_format", "return_tensors", "device", "disable_grouping")
    config = {k: v for k, v in config.items() if k not in drop}
    for w, h in images:
        im = picture(w, h, mode)
        out = cls(**settings)([im.convert("RGB")], return_tensors="np")
        values = np.asarray(out["pixel_values"])
        case = {"kind": kind, "name": f"{kind} {cls.__name__} {w}x{h} {mode} {settings}", "config": config, "width": w, "height": h,
                "mode": mode, "patch": patch, "shape": list(values.shape), "values": code(values)}
        if mode == "RGBA":
            b = io.BytesIO(); im.save(b, "PNG"); case["png"] = base64.b64encode(b.getvalue()).decode()
        if "image_grid_thw" in out: case["grid"] = [int(v) for v in np.asarray(out["image_grid_thw"])[0]]
        cases.append(case)

shapes = [(45, 33), (33, 45), (14, 14), (10, 7), (1, 9), (9, 1), (101, 37), (37, 100)]
square = dict(size={"shortest_edge": 14}, crop_size={"height": 14, "width": 14})
add("fixed", CLIPImageProcessorPil, square, shapes, 14)
add("fixed", CLIPImageProcessorPil, square, [(45, 33)], 7, "L")
add("fixed", CLIPImageProcessorPil, square, [(45, 33)], 7, "RGBA")
add("fixed", CLIPImageProcessorPil, dict(size={"shortest_edge": 10}, crop_size={"height": 14, "width": 14}), [(45, 33), (33, 45), (10, 10)], 7)
add("fixed", CLIPImageProcessorPil, dict(size={"shortest_edge": 11}, crop_size={"height": 14, "width": 13}), [(45, 33), (12, 11), (11, 12)], 6)
add("fixed", CLIPImageProcessorPil, dict(size={"height": 20, "width": 31}, crop_size={"height": 17, "width": 28}, resample=1), [(45, 33)], 4)
add("fixed", CLIPImageProcessorPil, dict(do_resize=False, crop_size={"height": 14, "width": 14}), [(25, 10)], 7)
add("fixed", SiglipImageProcessorPil, dict(size={"height": 15, "width": 24}), [(45, 33), (10, 60), (1, 7), (24, 15)], 7)
add("fixed", LlavaImageProcessorPil, dict(do_pad=True, **square), [(45, 33), (33, 45), (44, 33), (33, 44), (30, 30), (60, 5), (1, 9)], 14)
add("fixed", LlavaImageProcessorPil, dict(do_pad=True, **square), [(45, 33)], 14, "L")
add("fixed", LlavaImageProcessorPil, dict(do_pad=True, do_center_crop=False, size={"shortest_edge": 14}, image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.25, 0.5]), [(33, 45)], 14)
add("fixed", LlavaImageProcessorPil, square, [(45, 33)], 14)
pas = dict(do_pan_and_scan=True, pan_and_scan_min_crop_size=10, pan_and_scan_max_num_crops=4, pan_and_scan_min_ratio_to_activate=1.2, size={"height": 14, "width": 14})
add("gemma3", Gemma3ImageProcessorPil, pas, [(40, 34), (40, 33), (33, 40), (100, 20), (60, 20), (23, 100), (61, 21), (30, 12), (30, 9), (25, 12), (19, 12)], 14)
add("gemma3", Gemma3ImageProcessorPil, dict(pas, pan_and_scan_max_num_crops=1), [(40, 20)], 14)
add("gemma3", Gemma3ImageProcessorPil, dict(size={"height": 14, "width": 14}), [(40, 20)], 7)
pins = [[14, 28], [28, 14], [28, 28], [42, 14], [14, 42]]
next_ = dict(size={"shortest_edge": 14}, crop_size={"height": 14, "width": 14}, image_grid_pinpoints=pins)
add("next", LlavaNextImageProcessorPil, next_, [(50, 20), (20, 50), (40, 40), (100, 10), (10, 100), (13, 9), (9, 13), (1, 50), (7, 5), (28, 28), (29, 28), (41, 15)], 14)
add("next", LlavaNextImageProcessorPil, dict(next_, size={"height": 14, "width": 14}), [(50, 20)], 7, "L")
add("qwen", Qwen2VLImageProcessorPil, dict(patch_size=4, temporal_patch_size=1, merge_size=2, resample=2, min_pixels=256, max_pixels=1024), [(45, 33), (9, 7), (64, 16), (200, 1)], 4)

videos = []
for cls, size, frames, shape in (
    (Qwen2VLVideoProcessor, dict(shortest_edge=64, longest_edge=1024), 4, (24, 16)),
    (Qwen2VLVideoProcessor, dict(shortest_edge=64, longest_edge=1024), 5, (24, 16)),
    (Qwen2VLVideoProcessor, dict(shortest_edge=64, longest_edge=1024), 5, (61, 43)),
    (Qwen3VLVideoProcessor, dict(shortest_edge=64, longest_edge=4096), 4, (24, 16)),
    (Qwen3VLVideoProcessor, dict(shortest_edge=64, longest_edge=8192), 1, (24, 16)),
    (Qwen3VLVideoProcessor, dict(shortest_edge=64, longest_edge=2048), 5, (61, 43)),
    (Qwen3VLVideoProcessor, dict(shortest_edge=2048, longest_edge=80000), 3, (33, 17))):
    w, h = shape
    settings = dict(size=size, patch_size=4, temporal_patch_size=2, merge_size=2)
    video = torch.from_numpy(np.stack([pixels(w, h, i).transpose(2, 0, 1) for i in range(frames)]))
    out = cls(**settings)([video], return_tensors="pt", do_sample_frames=False)
    values = out["pixel_values_videos"].numpy()
    grid = [int(v) for v in out["video_grid_thw"][0]]
    videos.append({"type": cls.__name__, "settings": settings, "frames": frames, "width": w, "height": h, "grid": grid,
                   "resized": (grid[1] * 4, grid[2] * 4) != (h, w), "shape": list(values.shape), "values": code(values)})

rng = random.Random(20260301)
sizes = []
for _ in range(300):
    n, h, w = rng.randint(1, 40), rng.randint(20, 900), rng.randint(20, 900)
    lo = rng.choice((1024, 4096, 200000)); hi = rng.choice((250000, 1000000, 5000000))
    try: got = list(smart_resize(n, h, w, 2, 32, lo, hi))
    except ValueError: got = None
    sizes.append([n, h, w, lo, hi, got])

class Names:  # the two counting methods need nothing else of the processor
    from transformers.models.llava_next.processing_llava_next import LlavaNextProcessor as P
    _get_number_of_features = P._get_number_of_features
    _get_unpadded_features = P._get_unpadded_features

grids = []
for side, patches, pinpoints in ((336, 24, [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]), (384, 27, [[384 * i, 384 * j] for i in range(1, 4) for j in range(1, 4)])):
    for k in range(150):
        h, w = (rng.randint(1, 40), rng.randint(1, 3000)) if k % 10 == 0 else (rng.randint(1, 3000), rng.randint(1, 40)) if k % 10 == 1 else (rng.randint(50, 2000), rng.randint(50, 2000))
        rows, columns = get_anyres_image_grid_shape((h, w), pinpoints, side)
        index = torch.arange(rows * columns * patches * patches).reshape(1, rows * patches, columns * patches)
        kept = unpad_image(index, (h, w))
        counter = Names(); counter.image_processor = type("I", (), {"image_grid_pinpoints": pinpoints}); counter.patch_size = side // patches; counter.num_additional_image_tokens = 0
        tokens = counter._get_number_of_features(h, w, side, side)
        grids.append([side, patches, h, w, rows, columns, kept.shape[1], kept.shape[2], int(kept.flatten()[0]) if kept.numel() else -1, tokens])

text = json.dumps({"cases": cases, "videos": videos, "video_sizes": sizes, "grids": grids})
with open(sys.argv[1], "wb") as f:
    f.write(gzip.compress(text.encode(), 9, mtime=0))
print(len(cases), len(videos), len(grids))
