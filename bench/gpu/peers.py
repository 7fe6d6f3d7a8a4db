#!/usr/bin/env python3
"""What torch and transformers do on this machine with the shapes that we are measured in, random weights in BF16.

peers.py writes one JSON file for each thing that it is told to measure, as run.sh's other parts do:
  device   copies on the device, copies from pinned memory, a product of matrices
  decode   one token for one sequence, eager mode, with eager and with SDPA attention
  batch    one token for each of many sequences, likewise
  prefill  a prompt, with SDPA attention
  vision   a picture through the tower and its merger, with SDPA attention
Without torch or transformers the file says so, and that is no failure. Needs Python 3.9.
"""
import argparse
import datetime
import json
import os
import statistics
import sys
import time
import traceback
from pathlib import Path

LARGEST_ID = 500


class Missing(Exception):
    """What is to be measured is not on this machine."""


def load_torch():
    try:
        import torch
    except Exception as problem:  # A broken installation is as good as none.
        raise Missing("torch is not importable: %s" % problem)
    return torch


def load_transformers():
    try:
        import transformers
        from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
    except Exception as problem:
        raise Missing("transformers is not importable: %s" % problem)
    return transformers, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration


class Clock:
    """Times work on a device by its events, and on the processor by the clock."""

    def __init__(self, torch, device):
        self.torch = torch
        self.device = device

    def seconds(self, work):
        if self.device != "cuda":
            begun = time.perf_counter()
            work()
            return time.perf_counter() - begun
        first = self.torch.cuda.Event(enable_timing=True)
        last = self.torch.cuda.Event(enable_timing=True)
        self.torch.cuda.synchronize()
        first.record()
        work()
        last.record()
        self.torch.cuda.synchronize()
        return first.elapsed_time(last) / 1e3

    def times(self, warm, count, work, divisor=1):
        for _ in range(warm):
            work()
        seconds = sorted(self.seconds(work) / divisor for _ in range(count))
        return {
            "seconds": statistics.median(seconds),
            "seconds_mean": statistics.mean(seconds),
            "seconds_least": seconds[0],
            "seconds_most": seconds[-1],
            "times": count,
        }


def measure_device(torch, clock, shape):
    runs = shape["runs"]
    device = clock.device
    result = {}

    # Every byte is read once and written once.
    source = torch.randint(0, 255, (runs["copy_bytes"],), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = clock.times(3, 10, lambda: target.copy_(source))
    copy["bytes"] = 2 * runs["copy_bytes"]
    copy["bytes_per_second"] = copy["bytes"] / copy["seconds"]
    result["copy"] = copy
    del source, target

    if device == "cuda":
        host = torch.randint(0, 255, (runs["pinned_bytes"],), dtype=torch.uint8).pin_memory()
        target = torch.empty(runs["pinned_bytes"], dtype=torch.uint8, device=device)
        pinned = clock.times(3, 10, lambda: target.copy_(host, non_blocking=True))
        pinned["bytes"] = runs["pinned_bytes"]
        pinned["bytes_per_second"] = pinned["bytes"] / pinned["seconds"]
        result["pinned"] = pinned
        del host, target

    tokens, rows, columns = (runs["matrix_" + name] for name in ("tokens", "rows", "columns"))
    x = torch.rand(tokens, columns, dtype=torch.bfloat16, device=device) * 2 - 1
    weight = torch.rand(rows, columns, dtype=torch.bfloat16, device=device) * 2 - 1
    matrix = clock.times(3, 10, lambda: torch.nn.functional.linear(x, weight))
    matrix["operations"] = 2.0 * tokens * rows * columns
    matrix["operations_per_second"] = matrix["operations"] / matrix["seconds"]
    result["matrix"] = matrix
    return result


class Model:
    """A Qwen2.5-VL of transformers with random weights."""

    def __init__(self, torch, clock, shape):
        self.torch = torch
        self.clock = clock
        self.shape = shape
        self.runs = shape["runs"]
        transformers, config_type, model_type = load_transformers()
        self.version = transformers.__version__
        text = dict(shape["text"])
        rope = {"type": "mrope", "rope_type": "default", "mrope_section": text.pop("mrope_section"),
                "rope_theta": text["rope_theta"]}
        text.update(rope_scaling=rope, use_sliding_window=False, hidden_act="silu", tie_word_embeddings=False)
        vision = dict(shape["vision"], in_channels=3, in_chans=3, hidden_act="silu")
        config = config_type(text_config=text, vision_config=vision, tie_word_embeddings=False)
        torch.manual_seed(1)
        with torch.device(clock.device):
            try:
                model = model_type._from_config(config, dtype=torch.bfloat16, attn_implementation="sdpa")
            except TypeError:  # Before transformers 4.56 it was called otherwise.
                model = model_type._from_config(config, torch_dtype=torch.bfloat16, attn_implementation="sdpa")
        self.model = model.eval()
        self.parameters = sum(p.numel() for p in self.model.parameters())
        inner = self.model.model
        # Before transformers 4.52 the parts lay elsewhere.
        self.text = getattr(inner, "language_model", inner)
        self.visual = getattr(inner, "visual", None) or self.model.visual

    def attend(self, way):
        """Chooses how attention is computed."""
        if hasattr(self.model, "set_attn_implementation"):
            self.model.set_attn_implementation(way)
        else:
            for module in self.model.modules():
                if hasattr(module, "config"):
                    module.config._attn_implementation = way

    def tokens(self, sequences, count):
        return self.torch.randint(0, LARGEST_ID, (sequences, count), device=self.clock.device)

    def forward(self, ids, cache, first):
        """The likeliest tokens after ids, which stand at positions from first on."""
        count = ids.shape[1]
        positions = self.torch.arange(first, first + count, device=self.clock.device)
        hidden = self.text(
            input_ids=ids,
            position_ids=positions.view(1, 1, -1).expand(3, ids.shape[0], -1),
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        logits = self.model.lm_head(hidden[:, -1:])
        return logits.argmax(-1), logits

    def new_cache(self):
        from transformers import DynamicCache
        return DynamicCache()

    def decode(self, sequences, context, count):
        """Seconds of a step, with each way of attention; the loop fetches no token, so nothing waits."""
        ways = []
        for way in ("eager", "sdpa"):
            cache = self.new_cache()
            # SDPA for the prompt, whose scores would be gigabytes otherwise.
            self.attend("sdpa")
            next_ids, _ = self.forward(self.tokens(sequences, context), cache, 0)
            self.attend(way)
            state = {"ids": next_ids, "at": context}

            def steps():
                for _ in range(count):
                    state["ids"], state["logits"] = self.forward(state["ids"], cache, state["at"])
                    state["at"] += 1

            times = self.clock.times(1, 3, steps, divisor=count)
            if not self.torch.isfinite(state["logits"]).all():
                raise ValueError("logits: expected finite numbers")
            times.update(way=way, sequences=sequences, context=context, tokens=count)
            ways.append(times)
        return ways

    def prefill(self):
        self.attend("sdpa")
        ids = self.tokens(1, self.runs["prefill_tokens"])
        times = self.clock.times(2, self.runs["rounds"], lambda: self.forward(ids, self.new_cache(), 0))
        times.update(way="sdpa", tokens=self.runs["prefill_tokens"])
        return [times]

    def vision(self):
        self.attend("sdpa")
        sizes = self.shape["vision"]
        cell = sizes["patch_size"] * sizes["spatial_merge_size"]
        side = self.runs["image_side"] // cell * sizes["spatial_merge_size"]
        values = 3 * sizes["temporal_patch_size"] * sizes["patch_size"] ** 2
        pixels = self.torch.randn(side * side, values, dtype=self.torch.bfloat16, device=self.clock.device)
        grid = self.torch.tensor([[1, side, side]], device=self.clock.device)
        times = self.clock.times(2, self.runs["rounds"], lambda: self.visual(pixels, grid_thw=grid))
        times.update(way="sdpa", patches=side * side)
        return [times]


def measure(name, torch, clock, shape):
    if name == "device":
        return measure_device(torch, clock, shape)
    runs = shape["runs"]
    begun = time.perf_counter()
    model = Model(torch, clock, shape)
    built = time.perf_counter() - begun
    with torch.inference_mode():
        if name == "decode":
            ways = model.decode(1, runs["decode_context"], runs["decode_tokens"])
        elif name == "batch":
            ways = model.decode(runs["batch"], runs["batch_context"], runs["batch_tokens"])
        elif name == "prefill":
            ways = model.prefill()
        else:
            ways = model.vision()
    return {"ways": ways, "transformers": model.version, "parameters": model.parameters, "build_seconds": built}


def write(options, name, device, result):
    part = {
        "part": "peers-" + name,
        "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "revision": options.revision,
        "device": device,
        # A processor in place of the device, for tests.
        "simulated": options.device == "cpu",
        "shapes": options.shape,
        "result": result,
    }
    file = options.parts / ("peers-%s.json" % name)
    options.parts.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".json.new")
    fresh.write_text(json.dumps(part, indent=2) + "\n")
    os.replace(fresh, file)


def run(options, name, shape):
    """Measures one thing and writes what came of it; returns whether that is a result."""
    device = ""
    try:
        torch = load_torch()
        if options.device == "cuda":
            if not torch.cuda.is_available():
                raise Missing("torch %s sees no device" % torch.__version__)
            device = torch.cuda.get_device_name(0)
        else:
            device = "cpu (simulated)"
        result = measure(name, torch, Clock(torch, options.device), shape)
        result["torch"] = torch.__version__
    except Missing as missing:
        write(options, name, device, {"missing": str(missing)})
        print("peers: " + str(missing))
        return True
    except Exception as problem:
        traceback.print_exc()
        write(options, name, device, {"error": "%s: %s" % (type(problem).__name__, problem)})
        return False
    write(options, name, device, result)
    return True


def main():
    names = ["device", "decode", "batch", "prefill", "vision"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=names, help="what to measure")
    parser.add_argument("--parts", type=Path, required=True, help="folder for the results")
    parser.add_argument("--shapes", type=Path, required=True, help="file with sizes")
    parser.add_argument("--shape", required=True, help="entry of that file")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu only for tests")
    parser.add_argument("--revision", default="unknown", help="of the bundle, for the results")
    options = parser.parse_args()
    shapes = json.loads(options.shapes.read_text())
    if options.shape not in shapes:
        parser.error("--shape: expected one of %s, found %s" % (", ".join(shapes), options.shape))
    good = [run(options, name, shapes[options.shape]) for name in options.what]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
