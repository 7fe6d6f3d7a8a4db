#!/usr/bin/env python3
"""Golden fixtures of the seed_vl family, from an independent float64 implementation.

  seed_vl.py FIXTURES/seed_oss OUT            write OUT/seed_vl and OUT/seed_vl_moe
  seed_vl.py FIXTURES/seed_oss OUT --verify   read them back from disk and compare
  seed_vl.py FIXTURES/seed_oss OUT --ablate   show how much each part of the network changes the logits

The network is written from docs/seed-vl.md with torch tensors only; no model class of any library is used.
The tokenizer is the one of the seed_oss fixture, cut to its first BASE_TOKENS entries so that logits stay
small, with the tokens of docs/seed-vl.md added.  Needs torch, numpy, Pillow, tokenizers, jinja2, safetensors.
"""
import argparse, copy, json, math, os, shutil
import numpy as np
import torch
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from PIL import Image, ImageDraw, ImageFilter
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
BASE_TOKENS, NEW_TOKENS, MIN_MARGIN, MIN_ROUTER_GAP = 310, 24, 2e-3, 5e-5
EXTRA_PLAIN = ["<think>", "</think>", "<bbox>", "</bbox>", "<point>", "</point>"]
EXTRA_SPECIAL = ["<seed:image_begin>", "<seed:image>", "<seed:image_end>"]


# ----------------------------------------------------------------------------- preprocessing
def target_size(height, width, c):
    f, lo, hi = c["patch_size"] * c["merge_size"], c["min_pixels"], c["max_pixels"]
    if max(height, width) / min(height, width) > 200:
        raise ValueError("aspect ratio above 200")
    h, w = round(height / f) * f, round(width / f) * f
    if h * w > hi:
        beta = math.sqrt(height * width / hi)
        h, w = (max(f, math.floor(x / beta / f) * f) for x in (height, width))
    elif h * w < lo:
        beta = math.sqrt(lo / (height * width))
        h, w = (math.ceil(x * beta / f) * f for x in (height, width))
    return h, w


def patches_of(image, c):
    """Rows [patches, 3*p*p] in merge order, and the grid (rows, columns) of patches."""
    h, w = target_size(image.height, image.width, c)
    a = np.asarray(image.convert("RGB").resize((w, h), c["resample"]), dtype=np.float64)
    a = (a * c["rescale_factor"] - np.array(c["image_mean"])) / np.array(c["image_std"])
    p, m = c["patch_size"], c["merge_size"]
    rows, columns, out = h // p, w // p, []
    for br in range(0, rows, m):
        for bc in range(0, columns, m):
            for r in range(br, br + m):
                for q in range(bc, bc + m):
                    out.append(a[r * p:(r + 1) * p, q * p:(q + 1) * p].transpose(2, 0, 1).reshape(-1))
    return torch.from_numpy(np.stack(out)), (rows, columns)


# ----------------------------------------------------------------------------- network
def linear(x, w, name):
    y = x @ w[name + ".weight"].T
    return y + w[name + ".bias"] if name + ".bias" in w else y


def layer_norm(x, w, name, eps):
    d = x - x.mean(-1, keepdim=True)
    return d / (d.square().mean(-1, keepdim=True) + eps).sqrt() * w[name + ".weight"] + w[name + ".bias"]


def rms_norm(x, w, name, eps):
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * w[name + ".weight"]


def gelu(x):
    return x * .5 * (1 + torch.erf(x / math.sqrt(2)))


def silu(x):
    return x / (1 + (-x).exp())


def rotate(x, angles):
    """x [tokens, heads, d], angles [tokens, d/2]: channel i turns with channel i + d/2."""
    half = x.shape[-1] // 2
    a, b, c, s = x[..., :half], x[..., half:], angles.cos()[:, None], angles.sin()[:, None]
    return torch.cat([a * c - b * s, b * c + a * s], -1)


def attend(q, k, v, allowed):
    """q [T, heads, d], k and v [S, kv heads, d], allowed [T, S]."""
    group = q.shape[1] // k.shape[1]
    out = torch.empty_like(q)
    for h in range(q.shape[1]):
        s = q[:, h] @ k[:, h // group].T / math.sqrt(q.shape[-1])
        s = s.masked_fill(~allowed, -math.inf)
        e = (s - s.max(-1, keepdim=True).values).exp()
        out[:, h] = e / e.sum(-1, keepdim=True) @ v[:, h // group]
    return out.reshape(q.shape[0], -1)


def tower(w, cfg, pixels, grids, out, ab=()):
    """All images packed; out receives the traced tensors; returns the rows of the image tokens."""
    m, d = cfg["spatial_merge_size"], cfg["hidden_size"] // cfg["num_heads"]
    where, image = [], []
    for i, (rows, columns) in enumerate(grids):
        for br in range(0, rows, m):
            for bc in range(0, columns, m):
                where += [(r, c) for r in range(br, br + m) for c in range(bc, bc + m)]
        image += [i] * (rows * columns)
    where, image = torch.tensor(where).double(), torch.tensor(image)
    freq = cfg["rope_theta"] ** -(torch.arange(d // 4) * 4 / d)
    angles = torch.cat([where[:, :1] * freq, where[:, 1:] * freq], 1)
    if "swap rows and columns" in ab:
        angles = torch.cat([where[:, 1:] * freq, where[:, :1] * freq], 1)
    if "no 2-D rotation" in ab:
        angles = angles * 0
    allowed = image[:, None] == image[None]
    if "attention between images" in ab:
        allowed = torch.ones_like(allowed)
    act = (lambda t: torch.nn.functional.gelu(t, approximate="tanh")) if "tanh GELU in the tower" in ab else gelu
    x = linear(pixels, w, "vision_tower.patch_embed")
    out["vision.embed"] = x
    for n in range(cfg["depth"]):
        b = f"vision_tower.blocks.{n}."
        qkv = linear(layer_norm(x, w, b + "norm1", cfg["layer_norm_eps"]), w, b + "attn.qkv")
        q, k, v = qkv.reshape(x.shape[0], 3, cfg["num_heads"], d).unbind(1)
        x = x + linear(attend(rotate(q, angles), rotate(k, angles), v, allowed), w, b + "attn.proj")
        h = layer_norm(x, w, b + "norm2", cfg["layer_norm_eps"])
        x = x + linear(act(linear(h, w, b + "mlp.fc1")), w, b + "mlp.fc2")
        out[f"vision.block.{n}"] = x
    x = layer_norm(x, w, "vision_tower.norm", cfg["layer_norm_eps"])
    out["vision.projector_in"] = x
    x = x[:, None].reshape(-1, m * m, x.shape[-1])
    x = x[:, 0] if "first of four instead of the mean" in ab else x.mean(1)
    x = linear(gelu(linear(x, w, "adapter.fc1")), w, "adapter.fc2")
    out["image_embeds"] = x
    return x


def swiglu(x, w, name):
    return linear(silu(linear(x, w, name + "gate_proj")) * linear(x, w, name + "up_proj"), w, name + "down_proj")


def is_sparse(cfg, n):
    return (cfg["model_type"] == "seed_moe" and n not in cfg["mlp_only_layers"]
            and (n + 1) % cfg["decoder_sparse_step"] == 0)


def experts(x, w, cfg, name, gaps, ab):
    scores = linear(x, w, name + "gate")
    p, k = scores.softmax(-1), cfg["num_experts_per_tok"]
    order = scores.sort(-1, descending=True)
    gaps.append((order.values[:, k - 1] - order.values[:, k]).min().item())
    out = torch.zeros_like(x)
    for t in range(x.shape[0]):
        chosen = order.indices[t, :k]
        share = p[t, chosen]
        if cfg["norm_topk_prob"] and "no renormalisation" not in ab:
            share = share / share.sum()
        for s, e in zip(share, chosen.tolist()):
            out[t] += s * swiglu(x[t], w, f"{name}experts.{e}.")
    return out


def decoder(w, cfg, x, cache, out, gaps, ab=()):
    """x: rows that follow those in cache (a list of (k, v) per layer, extended in place); returns logits."""
    past = cache[0][0].shape[0] if cache else 0
    t, d = x.shape[0], cfg["head_dim"]
    freq = cfg["rope_parameters"]["rope_theta"] ** -(torch.arange(d // 2) * 2 / d)
    angles = torch.arange(past, past + t)[:, None] * freq
    allowed = torch.arange(past + t)[None] <= torch.arange(past, past + t)[:, None]
    for n in range(cfg["num_hidden_layers"]):
        out[f"hidden.{n}"] = x
        b = f"language_model.model.layers.{n}."
        h = rms_norm(x, w, b + "input_layernorm", cfg["rms_norm_eps"])
        q, k, v = (linear(h, w, f"{b}self_attn.{c}_proj").reshape(t, -1, d) for c in "qkv")
        q, k = rotate(q, angles), rotate(k, angles)
        if len(cache) > n:
            k, v = torch.cat([cache[n][0], k]), torch.cat([cache[n][1], v])
            cache[n] = (k, v)
        else:
            cache.append((k, v))
        x = x + linear(attend(q, k, v, allowed), w, b + "self_attn.o_proj")
        h = rms_norm(x, w, b + "post_attention_layernorm", cfg["rms_norm_eps"])
        x = x + (experts(h, w, cfg, b + "mlp.", gaps, ab) if is_sparse(cfg, n) else swiglu(h, w, b + "mlp."))
    out[f"hidden.{cfg['num_hidden_layers']}"] = x
    x = rms_norm(x, w, "language_model.model.norm", cfg["rms_norm_eps"])
    out["hidden.norm"] = x
    return linear(x, w, "language_model.lm_head")


def run(w, cfg, case, ab=()):
    """Greedy answer with a cache, checked against one pass over prompt and answer."""
    out, gaps, ids = {}, [], torch.tensor(case["ids"])
    table = w["language_model.model.embed_tokens.weight"]
    x = table[ids].clone()
    if case["grids"]:
        x[ids == cfg["image_token_id"]] = tower(w, cfg["vision_config"], case["pixels"], case["grids"], out, ab)
    cache, new, steps = [], [], []
    logits = decoder(w, cfg["text_config"], x, cache, out, gaps, ab)
    while True:
        steps.append(logits[-1])
        new.append(int(logits[-1].argmax()))
        if len(new) == NEW_TOKENS:
            break
        logits = decoder(w, cfg["text_config"], table[new[-1:]], cache, {}, gaps, ab)
    steps = torch.stack(steps)
    full = decoder(w, cfg["text_config"], torch.cat([x, table[new[:-1]]]), [], {}, gaps, ab)
    drift = (full[len(ids) - 1:] - steps).abs().max().item()
    assert drift < 1e-10, drift
    out.update(logits_prompt_last=steps[0], logits_steps=steps)
    return new, steps, out, drift, min(gaps) if gaps else None


# ----------------------------------------------------------------------------- checkpoints
def shapes(cfg):
    v, t, s = cfg["vision_config"], cfg["text_config"], {}
    D, H, p = v["hidden_size"], t["hidden_size"], v["patch_size"]
    lin = lambda name, o, i, bias=True: s.update({name + ".weight": (o, i)} | ({name + ".bias": (o,)} if bias else {}))
    norm = lambda name, n, bias: s.update({name + ".weight": (n,)} | ({name + ".bias": (n,)} if bias else {}))
    lin("vision_tower.patch_embed", D, 3 * p * p)
    for n in range(v["depth"]):
        b = f"vision_tower.blocks.{n}."
        norm(b + "norm1", D, True), norm(b + "norm2", D, True)
        lin(b + "attn.qkv", 3 * D, D), lin(b + "attn.proj", D, D)
        lin(b + "mlp.fc1", v["mlp_ratio"] * D, D), lin(b + "mlp.fc2", D, v["mlp_ratio"] * D)
    norm("vision_tower.norm", D, True)
    lin("adapter.fc1", H, D), lin("adapter.fc2", H, H)
    s["language_model.model.embed_tokens.weight"] = (t["vocab_size"], H)
    for n in range(t["num_hidden_layers"]):
        b, d = f"language_model.model.layers.{n}.", t["head_dim"]
        norm(b + "input_layernorm", H, False), norm(b + "post_attention_layernorm", H, False)
        lin(b + "self_attn.q_proj", t["num_attention_heads"] * d, H)
        for c in "kv":
            lin(b + f"self_attn.{c}_proj", t["num_key_value_heads"] * d, H)
        lin(b + "self_attn.o_proj", H, t["num_attention_heads"] * d, False)
        mlps = [(b + "mlp.", t["intermediate_size"])]
        if is_sparse(t, n):
            lin(b + "mlp.gate", t["num_experts"], H, False)
            mlps = [(f"{b}mlp.experts.{e}.", t["moe_intermediate_size"]) for e in range(t["num_experts"])]
        for name, size in mlps:
            lin(name + "gate_proj", size, H, False), lin(name + "up_proj", size, H, False)
            lin(name + "down_proj", H, size, False)
    norm("language_model.model.norm", H, False)
    s["language_model.lm_head.weight"] = (t["vocab_size"], H)
    return s


def weights(cfg, seed, quiet, dtype):
    g, w = torch.Generator().manual_seed(seed), {}
    for name, shape in sorted(shapes(cfg).items()):
        r = torch.randn(shape, generator=g)
        fan = shape[-1] ** .5
        if "norm" in name:
            r = r * .2 + name.endswith("weight")
        elif name.endswith("bias"):
            r = r * .2
        elif "embed_tokens" not in name:
            scale = {"lm_head": 2.2, "q_proj": 1.5, "k_proj": 1.5, "qkv": 1.5, "mlp.gate.": 2.0, "adapter": 2.4, "o_proj": 1.8, "v_proj": 1.4,
                     "patch_embed": 2.0, "down_proj": 1.4}
            r = r * next((v for k, v in scale.items() if k in name), 1.1) / fan
        if "lm_head" in name:       # special and unused ids are rarely the best
            r[quiet] *= .1
        w[name] = r.to(dtype).contiguous()
    return w


def dump(value, path, indent=1):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, indent=indent, ensure_ascii=False, separators=None if indent else (",", ":"))
        f.write("\n")


def tokenizer_files(source, out, cfg):
    js = json.load(open(f"{source}/tokenizer.json", encoding="utf-8"))
    vocab = {k: i for k, i in js["model"]["vocab"].items() if i < BASE_TOKENS}
    pairs = [m.split(" ") if isinstance(m, str) else m for m in js["model"]["merges"]]
    js["model"].update(vocab=vocab, merges=[m for m in pairs if "".join(m) in vocab])
    names = [(t["content"], t["special"]) for t in js["added_tokens"]]
    names += [(n, False) for n in EXTRA_PLAIN] + [(n, True) for n in EXTRA_SPECIAL]
    js["added_tokens"] = [dict(js["added_tokens"][0], id=len(vocab) + i, content=n, special=s)
                          for i, (n, s) in enumerate(names)]
    dump(js, f"{out}/tokenizer.json", None)
    shutil.copy(f"{source}/tokenizer_config.json", f"{out}/tokenizer_config.json")
    tok = Tokenizer.from_file(f"{out}/tokenizer.json")
    bos, pad, eos = (tok.token_to_id(f"<seed:{n}>") for n in ("bos", "pad", "eos"))
    ids = dict(bos_token_id=bos, eos_token_id=eos, pad_token_id=pad)
    cfg.update(image_begin_token_id=tok.token_to_id("<seed:image_begin>"), image_token_id=tok.token_to_id("<seed:image>"),
               image_end_token_id=tok.token_to_id("<seed:image_end>"))
    cfg["text_config"].update(ids)
    dump(dict(ids, do_sample=True, temperature=1.1, top_p=.95), f"{out}/generation_config.json")
    # the text template with <think> as the report has it, and contents that may hold image parts
    text = open(f"{source}/chat_template.jinja", encoding="utf-8").read()
    text = text.replace("'<seed:think>'", "'<think>'").replace("'</seed:think>'", "'</think>'")
    macro = """{%- macro parts(content) -%}
    {%- if content is string -%}{{ content }}
    {%- else -%}
        {%- for part in content -%}
            {%- if part.type in ("image", "image_url") -%}<seed:image_begin><seed:image><seed:image_end>
            {%- elif part.type == "text" -%}{{ part.text }}
            {%- else -%}{{ raise_exception("seed_vl takes text and image parts only") }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}
"""
    for old, new in (('{# special tokens #}\n', '{# special tokens #}\n' + macro),
                     ('set system_message = messages[0]["content"]', 'set system_message = parts(messages[0]["content"])'),
                     ('{{ bos_token + message.role + "\\n" + message.content + eos_token }}',
                      '{{ bos_token + message.role + "\\n" + parts(message.content) + eos_token }}'),
                     ('message.content is defined and message.content is string and message.content | trim | length > 0',
                      'message.content is defined and message.content is not none and parts(message.content) | trim | length > 0'),
                     ('{{ "\\n" + message.content | trim }}', '{{ "\\n" + parts(message.content) | trim }}')):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    open(f"{out}/chat_template.jinja", "w", encoding="utf-8").write(text)
    return tok


def render(root, case):
    def stop(message):
        raise ValueError(message)
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    env.filters["tojson"] = lambda x, indent=None: json.dumps(x, ensure_ascii=False, indent=indent)
    env.globals["raise_exception"] = stop
    text = open(f"{root}/chat_template.jinja", encoding="utf-8").read()
    return env.from_string(text).render(messages=case["messages"], tools=case.get("tools"), bos_token="<seed:bos>",
                                        eos_token="<seed:eos>", add_generation_prompt=case["add_generation_prompt"],
                                        **case.get("template_kwargs", {}))


def prepare(root, case, tok):
    prompt = render(root, case)
    c = json.load(open(f"{root}/preprocessor_config.json"))
    files = [p["image_url"]["url"] for m in case["messages"] if isinstance(m["content"], list)
             for p in m["content"] if p["type"] == "image_url"]
    done = [patches_of(Image.open(f"{root}/{f}"), c) for f in files]
    pieces = prompt.split("<seed:image>")
    assert len(pieces) == len(done) + 1
    expanded = pieces[0]
    for (_, (rows, columns)), rest in zip(done, pieces[1:]):
        expanded += "<seed:image>" * (rows * columns // c["merge_size"] ** 2) + rest
    return dict(prompt=prompt, ids=tok.encode(expanded, add_special_tokens=False).ids, files=files,
                pixels=torch.cat([p for p, _ in done]) if done else None, grids=[g for _, g in done])


def draw(path, mode, width, height, seed):
    r = np.random.RandomState(seed)
    image = Image.new("RGB", (width, height), tuple(int(v) for v in r.randint(0, 80, 3)))
    d = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = int(r.randint(-width // 4, width)), int(r.randint(-height // 4, height))
        box = [x, y, x + int(r.randint(3, width)), y + int(r.randint(3, height))]
        (d.ellipse if r.rand() < .5 else d.rectangle)(box, fill=tuple(int(v) for v in r.randint(20, 256, 3)))
    a = np.asarray(image.filter(ImageFilter.GaussianBlur(.7)), dtype=np.float64) + r.normal(0, 2, (height, width, 3))
    Image.fromarray(a.clip(0, 255).astype(np.uint8)).convert(mode).save(path, optimize=True)


# ----------------------------------------------------------------------------- the two fixtures
def user(*items):
    return {"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": f"images/{i}"}} if i.endswith(".png") else {"type": "text", "text": i}
        for i in items]}


CASES = {
    "text_only": dict(messages=[{"role": "user", "content": "胸腔积液的三个常见原因？Name 3 causes."}],
                      template_kwargs={"thinking_budget": 512}),
    "one_image": dict(messages=[user("large.png", "Describe this chest X-ray.")]),
    "two_images": dict(messages=[{"role": "system", "content": "You are a radiologist."},
                                 user("Compare ", "wide.png", "\nwith ", "tall.png", " Box the lesion.")],
                       template_kwargs={"thinking_budget": 0}),
    "three_images": dict(messages=[
        user("small.png", "tall.png", "Where is the nodule?"),
        {"role": "assistant", "reasoning_content": " left lung ", "content": "<bbox>102 340 480 777</bbox>"},
        user("wide.png", "Same here, at 500 12?")]),
}
VISION = dict(model_type="seed_vit", in_channels=3, mlp_ratio=4, spatial_merge_size=2, hidden_act="gelu",
              layer_norm_eps=1e-6, rope_theta=10000.0)
TEXT = dict(vocab_size=BASE_TOKENS + 26, hidden_act="silu", rms_norm_eps=1e-6, attention_bias=True,
            attention_out_bias=False, mlp_bias=False, max_position_embeddings=4096, tie_word_embeddings=False,
            rope_parameters=dict(rope_type="default", rope_theta=1e7))
FIXTURES = {
    "seed_vl": dict(
        dtype=torch.float32, cells=(2, 5), unit=.65,
        vision=dict(depth=3, hidden_size=24, num_heads=2, patch_size=9),
        text=dict(model_type="seed_oss", hidden_size=36, intermediate_size=50, num_hidden_layers=2,
                  num_attention_heads=4, num_key_value_heads=2, head_dim=10)),
    "seed_vl_moe": dict(
        dtype=torch.bfloat16, cells=(2, 8), unit=.5,
        vision=dict(depth=2, hidden_size=36, num_heads=3, patch_size=8),
        text=dict(model_type="seed_moe", hidden_size=36, intermediate_size=62, num_hidden_layers=3,
                  num_attention_heads=4, num_key_value_heads=1, head_dim=16, num_experts=5, num_experts_per_tok=2,
                  moe_intermediate_size=18, norm_topk_prob=True, mlp_only_layers=[1], decoder_sparse_step=1)),
}
OTHER_SIZES = {      # --other-sizes: not in the repository; the real patch side, other routing, another image scale
    "heldback_seed_vl": dict(
        dtype=torch.bfloat16, cells=(1, 6), unit=1.3,
        vision=dict(depth=4, hidden_size=40, num_heads=2, patch_size=14, rope_theta=500.0),
        text=dict(model_type="seed_oss", hidden_size=50, intermediate_size=94, num_hidden_layers=3,
                  num_attention_heads=6, num_key_value_heads=3, head_dim=14)),
    "heldback_seed_vl_moe": dict(
        dtype=torch.float32, cells=(3, 9), unit=.7,
        vision=dict(depth=3, hidden_size=32, num_heads=4, patch_size=6, mlp_ratio=3),
        text=dict(model_type="seed_moe", hidden_size=46, intermediate_size=50, num_hidden_layers=4,
                  num_attention_heads=3, num_key_value_heads=3, head_dim=18, num_experts=7, num_experts_per_tok=3,
                  moe_intermediate_size=14, norm_topk_prob=False, mlp_only_layers=[3], decoder_sparse_step=2)),
}
IMAGES = {"large.png": ("RGB", 150, 110, 1), "wide.png": ("RGB", 120, 30, 2), "tall.png": ("L", 20, 70, 3),
          "small.png": ("RGB", 21, 17, 4)}


def build(name, source, out):
    f = (FIXTURES | OTHER_SIZES)[name]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(f"{out}/cases")
    os.makedirs(f"{out}/images")
    for file, (mode, width, height, seed) in IMAGES.items():
        draw(f"{out}/images/{file}", mode, *(max(9, round(x * f["unit"])) for x in (width, height)), seed)
    cfg = dict(architectures=["SeedVLForConditionalGeneration"], model_type="seed_vl",
               dtype=str(f["dtype"])[6:], tie_word_embeddings=False, adapter_hidden_act="gelu",
               vision_config=VISION | f["vision"], text_config=TEXT | f["text"])
    tok = tokenizer_files(source, out, cfg)
    cell = (2 * f["vision"]["patch_size"]) ** 2
    dump(cfg, f"{out}/config.json")
    dump(dict(image_processor_type="SeedImageProcessor", do_convert_rgb=True, do_resize=True, do_rescale=True,
              do_normalize=True, patch_size=f["vision"]["patch_size"], merge_size=2, min_pixels=f["cells"][0] * cell,
              max_pixels=f["cells"][1] * cell, resample=2, rescale_factor=1 / 255, image_mean=[.5] * 3,
              image_std=[.5] * 3), f"{out}/preprocessor_config.json")
    added = list(range(BASE_TOKENS, cfg["text_config"]["vocab_size"]))
    prepared = {k: prepare(out, dict(c, add_generation_prompt=True), tok) for k, c in CASES.items()}
    for seed in range(1, 400):
        w = weights(cfg, seed, added, f["dtype"])
        wide, results, why = {k: t.double() for k, t in w.items()}, {}, None
        for k, c in prepared.items():
            results[k] = r = run(wide, cfg, c)
            top = r[1].topk(2, -1).values
            margin = (top[:, 0] - top[:, 1]).min().item()
            if margin < MIN_MARGIN or set(r[0]) & set(added) or len(set(r[0])) < 8:
                why = f"{k}: margin {margin:.1e}, {len(set(r[0]))} distinct"
            elif r[4] is not None and r[4] < MIN_ROUTER_GAP:
                why = f"{k}: router gap {r[4]:.1e}"
            if why:
                break
            results[k] += (margin,)
        if not why:
            break
        print(f"  {name} seed {seed}: {why}")
    else:
        raise SystemExit(f"{name}: no seed found")
    save_file(w, f"{out}/model.safetensors", metadata={"format": "pt"})
    for k, (new, steps, tensors, drift, gap, margin) in results.items():
        c, n = prepared[k], len(prepared[k]["ids"])
        pos = list(range(n)) if n <= 16 else sorted(
            set(range(0, n, -(-n // 8))) | set(range(n - 4, n))
            | set([i for i, t in enumerate(c["ids"]) if t == cfg["image_token_id"]][:3]))
        st = {t: (x[pos] if t.startswith("hidden") else x) for t, x in tensors.items()}
        j = dict(name=k, family=name, messages=CASES[k]["messages"], add_generation_prompt=True)
        j |= {x: CASES[k][x] for x in ("template_kwargs",) if x in CASES[k]}
        j.update(prompt=c["prompt"], prompt_tokens=n, input_ids=c["ids"])
        if c["grids"]:
            st["pixel_values_pil"] = c["pixels"]
            j["pixel_values"] = dict(used="pil", shape=list(c["pixels"].shape))
            j["images"] = [dict(file=x, width=i.width, height=i.height, mode=i.mode)
                           for x in c["files"] for i in [Image.open(f"{out}/{x}")]]
            j["image_grid_thw"] = [[1, *g] for g in c["grids"]]
        best = steps[0].topk(10)
        j.update(hidden_positions="all" if len(pos) == n else pos, new_token_ids=new,
                 new_text=tok.decode(new, skip_special_tokens=True),
                 first_top10=[[int(i), round(float(l), 6)] for l, i in zip(best.values, best.indices)],
                 min_margin=margin, logit_abs_max=steps.abs().max().item(), cache_vs_full_max_diff=drift)
        if gap is not None:
            j["min_router_gap"] = gap
        j["tensors"] = {t: list(x.shape) for t, x in sorted(st.items())}
        dump(j, f"{out}/cases/{k}.json", None)
        save_file({t: x.float().contiguous() for t, x in st.items()}, f"{out}/cases/{k}.safetensors")
    dump(dict(family=name, seed=seed, torch=torch.__version__.split("+")[0], arithmetic="float64",
              weights_exact_in_bf16=f["dtype"] == torch.bfloat16, cases=sorted(CASES),
              parameters=sum(x.numel() for x in w.values()), min_margin=min(r[5] for r in results.values())),
         f"{out}/fixture.json")
    size = sum(os.path.getsize(os.path.join(d, x)) for d, _, fs in os.walk(out) for x in fs)
    print(f"{name}: seed {seed}, {size / 1e3:.0f} kB, min margin {min(r[5] for r in results.values()):.1e}, grids "
          + str({k: c["grids"] for k, c in prepared.items()}) + " tokens " + str([len(c["ids"]) for c in prepared.values()]))


def load(out):
    return (json.load(open(f"{out}/config.json")), Tokenizer.from_file(f"{out}/tokenizer.json"),
            {k: t.double() for k, t in load_file(f"{out}/model.safetensors").items()})


def verify(name, out):
    cfg, tok, w = load(out)
    assert {k: tuple(t.shape) for k, t in w.items()} == shapes(cfg)
    worst = 0
    for k in CASES:
        j, st = json.load(open(f"{out}/cases/{k}.json")), load_file(f"{out}/cases/{k}.safetensors")
        c = prepare(out, j, tok)
        assert c["prompt"] == j["prompt"] and c["ids"] == j["input_ids"], k
        new, _, tensors, _, _ = run(w, cfg, c)
        assert new == j["new_token_ids"], k
        pos = slice(None) if j["hidden_positions"] == "all" else j["hidden_positions"]
        if c["grids"]:
            tensors["pixel_values_pil"] = c["pixels"]
        assert set(tensors) == set(st)
        for t, x in tensors.items():
            x = x[pos] if t.startswith("hidden") else x
            worst = max(worst, (x - st[t].double()).abs().max().item() / st[t].abs().max().item())
    print(f"{name}: tokens equal, max relative difference {worst:.1e}")


ABLATIONS = ["swap rows and columns", "no 2-D rotation", "attention between images",
             "first of four instead of the mean", "tanh GELU in the tower", "no renormalisation"]


def ablate(name, out):
    """Share of logit_abs_max by which the prompt's last logits move without a part (the bound is 2e-4)."""
    cfg, tok, w = load(out)
    cases = {k: prepare(out, json.load(open(f"{out}/cases/{k}.json")), tok) for k in CASES}
    c = cases["two_images"]
    _, base, kept, _, _ = run(w, cfg, c)
    scale = base.abs().max()
    for a in ABLATIONS:
        out_ = {}
        ids = torch.tensor(c["ids"])
        x = w["language_model.model.embed_tokens.weight"][ids].clone()
        e = tower(w, cfg["vision_config"], c["pixels"], c["grids"], out_, (a,))
        x[ids == cfg["image_token_id"]] = e
        l = decoder(w, cfg["text_config"], x, [], {}, [], (a,))[-1]
        print(f"{name}: {a}: logits {((l - base[0]).abs().max() / scale).item():.1e}, image embeddings "
              f"{((e - kept['image_embeds']).abs().max() / kept['image_embeds'].abs().max()).item():.1e}")
    weakest = []
    for k in w:
        changed = dict(w) | {k: w[k] * (.5 if "norm" in k and k.endswith("weight") else 0)}
        weakest.append(((run_prompt(changed, cfg, c) - base[0]).abs().max().item() / scale.item(), k))
    for v, k in sorted(weakest)[:8]:
        print(f"{name}: without {k}: {v:.1e}")


def run_prompt(w, cfg, c):
    ids = torch.tensor(c["ids"])
    x = w["language_model.model.embed_tokens.weight"][ids].clone()
    x[ids == cfg["image_token_id"]] = tower(w, cfg["vision_config"], c["pixels"], c["grids"], {})
    return decoder(w, cfg["text_config"], x, [], {}, [])[-1]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("seed_oss")
    ap.add_argument("out")
    ap.add_argument("--verify", action="store_true")
    ap.add_argument("--ablate", action="store_true")
    ap.add_argument("--other-sizes", action="store_true", help="the two larger checkpoints with other sizes")
    a = ap.parse_args()
    for name in OTHER_SIZES if a.other_sizes else FIXTURES:
        if a.verify:
            verify(name, f"{a.out}/{name}")
        elif a.ablate:
            ablate(name, f"{a.out}/{name}")
        else:
            build(name, a.seed_oss, f"{a.out}/{name}")


if __name__ == "__main__":
    main()
