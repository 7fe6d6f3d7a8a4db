#!/usr/bin/env python3
"""Golden fixtures for paths that the shared fixtures leave out, computed by Hugging Face transformers.

  extra_fixtures.py MAKE_FIXTURES.py OUT [--only llama_yarn,llava_next] [--verify] [--list]

MAKE_FIXTURES.py is the script that made the shared fixtures; its tokenizers, weights, images and configuration
writers are used as a module.  Every folder under OUT is a normal checkpoint with images/ and cases/ in the format
of those fixtures.  What differs is said in the JSON of a case: `videos`, `video_grid_thw`, `second_per_grid_ts`,
`image_sizes`, `tiles`, `num_crops`, `input_ids_sentinel`.
"""
import argparse, copy, importlib.util, json, os, shutil, tempfile
import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer,
                          GenerationConfig)
from transformers.image_utils import load_image
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize as frame_size
from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize as clip_size

mf = None      # the module behind MAKE_FIXTURES.py
QWEN_VISION = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe")


class NextSeed(Exception):
    pass


# ----------------------------------------------------------------------------- inputs of a case
def media(messages):
    images, videos = [], []
    for m in messages:
        for p in m["content"] if isinstance(m["content"], list) else []:
            if p["type"] == "image_url":
                images.append(p["image_url"]["url"])
            elif p["type"] == "video":
                videos.append((p["frames"], p["fps"]))
    return images, videos


def template_messages(messages):
    out = copy.deepcopy(messages)
    for m in out:
        if isinstance(m["content"], list):
            m["content"] = [p if p["type"] == "text" else {"type": {"image_url": "image"}.get(p["type"], p["type"])}
                            for p in m["content"]]
    return out


def render(root, fam, case, engine):
    kw = dict(case.get("template_kwargs") or {})
    if case.get("tools"):
        kw["tools"] = case["tools"]
    return engine.apply_chat_template(template_messages(case["messages"]), tokenize=False,
                                      add_generation_prompt=case["add_generation_prompt"], **kw)


def resized_frames(root, proc, fam, frames):
    """Frames resized by Pillow to the size that the video processor would choose."""
    arrays, vp = [load_image(f"{root}/{f}") for f in frames], proc.video_processor
    w, h = arrays[0].size
    factor = vp.patch_size * vp.merge_size
    lo, hi = vp.size["shortest_edge"], vp.size["longest_edge"]
    th, tw = (clip_size(len(arrays), h, w, vp.temporal_patch_size, factor, lo, hi) if fam.startswith("qwen3")
              else frame_size(h, w, factor, lo, hi))
    return (np.stack([np.asarray(a.resize((tw, th), Image.Resampling.BICUBIC)) for a in arrays]),
            np.stack([np.asarray(a) for a in arrays]))


def prepare(spec, root, case):
    """Rendered prompt, model inputs, pixel values by name, and more keys for the JSON file."""
    fam = spec["fam"]
    files, videos = media(case["messages"])
    tok = AutoTokenizer.from_pretrained(root)
    if spec.get("splice"):
        return prepare_splice(spec, root, case, tok, files)
    if not spec["vision"]:
        prompt = render(root, fam, case, tok)
        x = tok(prompt, add_special_tokens=False, return_tensors="pt")
        return prompt, {k: x[k] for k in ("input_ids", "attention_mask")}, {}, {}
    proc = AutoProcessor.from_pretrained(root)
    proc.image_processor = AutoImageProcessor.from_pretrained(root, backend="pil")
    prompt = render(root, fam, case, proc)
    images = [load_image(f"{root}/{f}") for f in files] or None
    text = prompt
    if spec.get("flat"):
        text = prompt.replace("<|vision_start|><|video_pad|><|vision_end|>", "<|video_pad|>")
    call = dict(text=[text], images=images, return_tensors="pt",
                add_special_tokens=not (tok.bos_token and prompt.startswith(tok.bos_token)))
    if spec.get("processor_kwargs") and images:
        call["images_kwargs"] = spec["processor_kwargs"]
    more, px = {}, {}
    if videos:
        small, full = zip(*[resized_frames(root, proc, fam, f) for f, _ in videos])
        meta = lambda: [dict(total_num_frames=len(f), fps=fps, frames_indices=list(range(len(f)))) for f, fps in videos]
        fast = proc(**call, videos=list(full), videos_kwargs=dict(do_sample_frames=False, video_metadata=meta()))
        x = proc(**call, videos=list(small), videos_kwargs=dict(do_sample_frames=False, do_resize=False, video_metadata=meta()))
        assert torch.equal(fast["input_ids"], x["input_ids"])
        assert torch.equal(fast["video_grid_thw"], x["video_grid_thw"])
        px["pixel_values_videos"] = (x["pixel_values_videos"], None)
        more["video_grid_thw"] = x["video_grid_thw"].tolist()
        if "second_per_grid_ts" in x:
            more["second_per_grid_ts"] = [float(s) for s in x["second_per_grid_ts"]]
        more["videos"] = [dict(fps=fps, frames=[describe(root, f) for f in frames]) for frames, fps in videos]
    else:
        x = proc(**call)
    x = {k: v for k, v in x.items() if k != "num_crops"}
    if images:
        other = AutoImageProcessor.from_pretrained(root, backend="torchvision")
        fast = other(images=images, return_tensors="pt", **spec.get("processor_kwargs", {}))
        pil, fast_px = x["pixel_values"], fast["pixel_values"]
        if fam == "llava" and pil.dim() == 5:       # LLaVA-Next pads to the longest list of tiles
            tiles = [count_tiles(s, root) for s in x["image_sizes"].tolist()]
            more.update(image_sizes=x["image_sizes"].tolist(), tiles=tiles)
            pil = torch.cat([p[:n] for p, n in zip(pil, tiles)])
            fast_px = torch.cat([p[:n] for p, n in zip(fast_px, tiles)])
        if spec.get("processor_kwargs"):
            more["num_crops"] = [int(n) for n in fast["num_crops"]]
        px["pixel_values"] = (pil, fast_px)
        more["images"] = [describe(root, f) for f in files]
    return prompt, x, px, more


def describe(root, f):
    with Image.open(f"{root}/{f}") as im:
        r = dict(file=f, width=im.width, height=im.height, mode=im.mode)
    return r | ({"decoded": f[:-4] + ".decoded.png"} if f.endswith(".jpg") else {})


def count_tiles(size, root):
    from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches
    c = json.load(open(f"{root}/config.json"))
    return image_size_to_num_patches(size, c["image_grid_pinpoints"], c["vision_config"]["image_size"])


def prepare_splice(spec, root, case, tok, files):
    """LLaVA-Med v1.5: chunks around <image> are tokenized one by one, images padded to a square first."""
    prompt = ""
    for i, m in enumerate(case["messages"]):
        parts = m["content"] if isinstance(m["content"], list) else [{"type": "text", "text": m["content"]}]
        text = "".join("<image>\n" if p["type"] == "image_url" else p["text"] for p in parts)
        prompt += f"[INST] {text} [/INST]" if m["role"] == "user" else f" {text} </s>"
    chunks = [tok(c)["input_ids"] for c in prompt.split("<image>")]
    assert all(c[0] == tok.bos_token_id for c in chunks)
    once = chunks[0] + [i for c in chunks[1:] for i in [-200] + c[1:]]
    cfg = json.load(open(f"{root}/config.json"))
    side = cfg["vision_config"]["image_size"] // cfg["vision_config"]["patch_size"]
    ids = [j for i in once for j in ([-200] * side ** 2 if i == -200 else [i])]
    pil = AutoImageProcessor.from_pretrained(root, backend="pil")
    fill = tuple(int(c * 255) for c in pil.image_mean)

    def square(im):
        n = max(im.size)
        out = Image.new("RGB", (n, n), fill)
        out.paste(im, ((n - im.width) // 2, (n - im.height) // 2))
        return out
    x, px, more = {}, {}, dict(input_ids_sentinel=once)
    if files:
        images = [square(load_image(f"{root}/{f}")) for f in files]
        x["pixel_values"] = pil(images=images, return_tensors="pt")["pixel_values"]
        fast = AutoImageProcessor.from_pretrained(root, backend="torchvision")
        px["pixel_values"] = (x["pixel_values"], fast(images=images, return_tensors="pt")["pixel_values"])
        more["images"] = [describe(root, f) for f in files]
    more["input_ids"] = ids
    free = cfg["vocab_size"] - 1        # an id that no token has stands for the image rows
    x["input_ids"] = torch.tensor([[free if i < 0 else i for i in ids]])
    x["attention_mask"] = torch.ones_like(x["input_ids"])
    return prompt, x, px, more


# ----------------------------------------------------------------------------- running
def fresh(model, spec):
    """Forget what an earlier prompt left behind (M-RoPE offset, dynamic frequencies)."""
    if hasattr(model.model, "rope_deltas"):
        model.model.rope_deltas = None
    if spec.get("dynamic"):
        model.model.rotary_emb = type(model.model.rotary_emb)(model.config)


def rows(x):
    x = x[0] if isinstance(x, tuple) else x
    return x.detach().float().reshape(-1, x.shape[-1]).clone()


def trace(model, spec, inputs):
    dec, blocks, proj = mf.parts(model, spec["fam"])
    out, hooks, gaps = {}, [], []
    towers = sum(k in inputs for k in ("pixel_values", "pixel_values_videos"))

    def before(module, name):
        hooks.append(module.register_forward_pre_hook(
            lambda _, a, k: out.__setitem__(name, rows(a[0] if a else k["hidden_states"])), with_kwargs=True))

    def after(module, name):
        hooks.append(module.register_forward_hook(lambda _, a, o: out.__setitem__(name, rows(o))))
    for i, layer in enumerate(dec.layers):
        before(layer, f"hidden.{i}")
        gate = getattr(layer.mlp, "gate", None)
        if gate is not None:
            def gap(module, _, o):
                s = o[0].float().sort(-1, descending=True).values
                gaps.append((s[:, module.top_k - 1] - s[:, module.top_k]).min().item())
            hooks.append(gate.register_forward_hook(gap))
    before(dec.norm, f"hidden.{len(dec.layers)}")
    after(dec.norm, "hidden.norm")
    if towers == 1:
        before(blocks[0], "vision.embed")
        for i, b in enumerate(blocks):
            after(b, f"vision.block.{i}")
        before(proj, "vision.projector_in")
    logits = model(**inputs, use_cache=False).logits[0]
    for h in hooks:
        h.remove()
    for kind, keys in (("image", ("pixel_values", "image_grid_thw", "image_sizes")),
                       ("video", ("pixel_values_videos", "video_grid_thw"))):
        if keys[0] not in inputs:
            continue
        f = getattr(model.model, f"get_{kind}_features")(**{k: inputs[k] for k in keys if k in inputs})
        e = f.pooler_output
        e = torch.cat(list(e)) if isinstance(e, (list, tuple)) else e
        out[f"{kind}_embeds"] = e.reshape(-1, e.shape[-1])
        for i, d in enumerate(getattr(f, "deepstack_features", None) or []):
            out[f"deepstack.{i}" if kind == "image" else f"video_deepstack.{i}"] = d
    return out, logits, min(gaps, default=None)


def run_case(model, spec, root, name, case, tok):
    prompt, inputs, px, more = prepare(spec, root, case)
    fresh(model, spec)
    new, steps = mf.greedy(model, inputs) if not spec.get("dynamic") else greedy_dynamic(model, spec, inputs)
    top = steps.topk(2, -1).values
    margin = (top[:, 0] - top[:, 1]).min().item()
    special = set(tok.all_special_ids) | set(tok.added_tokens_decoder)
    if margin < mf.MIN_MARGIN or len(new) != mf.NEW_TOKENS or len(set(new)) < 8:
        raise NextSeed(f"{name}: margin {margin:.1e}, {len(set(new))} distinct of {len(new)}")
    if any(i in special or i >= len(tok) for i in new):
        raise NextSeed(f"{name}: special or unused id")
    n = inputs["input_ids"].shape[1]
    fresh(model, spec)
    _, full, gap = trace(model, spec, mf.extended(inputs, new))
    drift = (full[n - 1:n - 1 + len(new)] - steps).abs().max().item()
    if not spec.get("dynamic"):
        assert drift < 2e-4 * max(1, steps.abs().max().item()), (name, drift)
    if gap is not None and gap < mf.MIN_ROUTER_GAP:
        raise NextSeed(f"{name}: router gap {gap:.1e}")
    fresh(model, spec)
    tens, _, _ = trace(model, spec, inputs)
    pos = list(range(n)) if n <= 40 else sorted(set(range(0, n, max(3, n // 16))) | set(range(n - 8, n)))
    st = {k: t[pos] if k.startswith("hidden") else t for k, t in tens.items()}
    st.update(logits_prompt_last=steps[0], logits_steps=steps)
    j = dict(name=name, family=spec["family"], messages=case["messages"], add_generation_prompt=case["add_generation_prompt"])
    j |= {k: case[k] for k in ("tools", "template_kwargs") if case.get(k)}
    j.update(prompt=prompt, prompt_tokens=n, input_ids=inputs["input_ids"][0].tolist())
    j.update(more)
    for k, (pil, fast) in px.items():
        st[f"{k}_pil"] = pil
        if fast is None or spec.get("pil_only"):
            j[k] = dict(used="pil", shape=list(pil.shape))
            continue
        step = mf.pixel_step(root, pil)
        d = ((fast - pil) / step).round()
        assert (pil + d * step - fast).abs().max() < 2e-6 and d.abs().max() < 128
        if d.any():
            st[f"{k}_fast_minus_pil"] = d
        j[k] = dict(used="pil", shape=list(pil.shape), fast_differs=bool(d.any()), fast_max_steps=int(d.abs().max()),
                    fast_share_changed=round(float((d != 0).float().mean()), 4))
    if "image_grid_thw" in inputs:
        j["image_grid_thw"] = inputs["image_grid_thw"].tolist()
    if "token_type_ids" in inputs:
        j["token_type_ids"] = inputs["token_type_ids"][0].tolist()
    if spec["fam"] in QWEN_VISION:
        keys = ("image_grid_thw", "video_grid_thw", "second_per_grid_ts")
        p, delta = torch.arange(n).expand(3, -1), 0
        if px:
            p, delta = model.model.get_rope_index(inputs["input_ids"], inputs["mm_token_type_ids"],
                                                  **{k: inputs[k] for k in keys if k in inputs})
            p, delta = p[:, 0], int(delta)
        j.update(position_ids=dict(shape=list(p.shape), values=p.tolist()), rope_delta=delta)
    t10 = steps[0].topk(10)
    j.update(hidden_positions="all" if len(pos) == n else pos, new_token_ids=new,
             new_text=tok.decode(new, skip_special_tokens=True),
             first_top10=[[int(i), round(float(l), 6)] for l, i in zip(t10.values, t10.indices)],
             min_margin=margin, logit_abs_max=steps.abs().max().item(), cache_vs_full_max_diff=drift)
    if gap is not None:
        j["min_router_gap"] = gap
    j["tensors"] = {k: list(t.shape) for k, t in sorted(st.items())}
    return j, {k: t.to(torch.int8 if k.endswith("minus_pil") else torch.float32).contiguous().clone() for k, t in st.items()}


def greedy_dynamic(model, spec, inputs):
    """generate(), with the frequencies reset before it as in a new process."""
    fresh(model, spec)
    return mf.greedy(model, inputs)


# ----------------------------------------------------------------------------- checkpoints
def make_config(spec, tok):
    v = spec["v"]
    cfg, gen = mf.make_config(spec["fam"], v, tok)
    if spec.get("next"):
        d = {k: x for k, x in cfg.to_dict().items() if k not in ("model_type", "image_seq_length", "architectures")}
        cfg = AutoConfig.for_model("llava_next", **d, image_grid_pinpoints=spec["next"])
    if spec.get("splice"):
        cfg.image_token_index = cfg.image_token_id = v["vocab"] - 1
    return cfg, gen


def put_preprocessing(spec, out):
    v, fam = spec["v"], spec["fam"]
    mf.image_configs(fam, v, out)
    for name, patch in spec.get("files", {}).items():
        path = f"{out}/{name}"
        base = json.load(open(path)) if os.path.exists(path) else {}
        base.update(patch)
        mf.dump({k: x for k, x in base.items() if x != "absent"}, path)


def flat_rope(cfg):
    """The same configuration in the older form: rope_theta and rope_scaling with `type`."""
    out = dict(cfg)
    r = dict(out.pop("rope_parameters"))
    out["rope_theta"] = r.pop("rope_theta")
    out["rope_scaling"] = {"type": r.pop("rope_type"), **r}
    return out


def to_llava_mistral(out, spec):
    """Tensor names and config.json of the original LLaVA-Med v1.5."""
    st = load_file(f"{out}/model.safetensors")
    new = {}
    for k, t in st.items():
        for a, b in (("language_model.model.", "model."), ("language_model.lm_head.", "lm_head."),
                     ("multi_modal_projector.linear_1.", "model.mm_projector.0."),
                     ("multi_modal_projector.linear_2.", "model.mm_projector.2."),
                     ("vision_tower.", "model.vision_tower.vision_tower.vision_model.")):
            if k.startswith(a):
                new[b + k[len(a):]] = t
                break
        else:
            raise AssertionError(k)
    save_file(new, f"{out}/model.safetensors", metadata={"format": "pt"})
    c = json.load(open(f"{out}/config.json"))
    t, vc = c["text_config"], c["vision_config"]
    flat = {k: t[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                              "num_key_value_heads", "rms_norm_eps", "max_position_embeddings", "vocab_size",
                              "hidden_act", "sliding_window", "bos_token_id", "eos_token_id", "initializer_range", "use_cache")}
    flat.update(architectures=["LlavaMistralForCausalLM"], model_type="llava_mistral", torch_dtype="float32",
                rope_theta=t["rope_parameters"]["rope_theta"], tie_word_embeddings=False,
                transformers_version="4.36.0.dev0", mm_vision_tower="openai/clip-vit-large-patch14-336",
                mm_hidden_size=vc["hidden_size"], mm_projector_type="mlp2x_gelu", mm_vision_select_layer=-2,
                mm_vision_select_feature="patch", image_aspect_ratio="pad", mm_use_im_start_end=False,
                mm_use_im_patch_token=False, use_mm_proj=True, tune_mm_mlp_adapter=False, freeze_mm_mlp_adapter=False,
                tokenizer_padding_side="right", tokenizer_model_max_length=2048, unfreeze_mm_vision_tower=True)
    if t.get("head_dim") and t["head_dim"] * t["num_attention_heads"] != t["hidden_size"]:
        flat["head_dim"] = t["head_dim"]
    flat["vision_config"] = {k: vc[k] for k in ("attention_dropout", "hidden_act", "hidden_size", "image_size",
                             "intermediate_size", "layer_norm_eps", "model_type", "num_attention_heads", "num_channels",
                             "num_hidden_layers", "patch_size", "projection_dim")}
    mf.dump(flat, f"{out}/config.json")
    os.remove(f"{out}/processor_config.json")
    os.rename(f"{out}/chat_template.jinja", f"{out}/prompt_template.jinja")


def from_llava_mistral(out, spec, tmp):
    """Back to what transformers can load, from the files alone."""
    c = json.load(open(f"{out}/config.json"))
    st, new = load_file(f"{out}/model.safetensors"), {}
    for k, t in st.items():
        for b, a in (("model.vision_tower.vision_tower.vision_model.", "vision_tower.vision_model."),
                     ("model.mm_projector.0.", "multi_modal_projector.linear_1."),
                     ("model.mm_projector.2.", "multi_modal_projector.linear_2."),
                     ("lm_head.", "language_model.lm_head."), ("model.", "language_model.model.")):
            if k.startswith(b):
                new[a + k[len(b):]] = t
                break
    save_file(new, f"{tmp}/model.safetensors", metadata={"format": "pt"})
    text = {k: x for k, x in c.items() if not k.startswith("mm_") and k not in ("vision_config", "architectures")}
    text["model_type"] = "mistral"
    mf.dump(dict(architectures=["LlavaForConditionalGeneration"], model_type="llava", text_config=text,
                 vision_config=c["vision_config"], image_token_index=c["vocab_size"] - 1, projector_hidden_act="gelu",
                 vision_feature_layer=-2, vision_feature_select_strategy="default", tie_word_embeddings=False),
            f"{tmp}/config.json")


def load(spec, path):
    cls = AutoModelForImageTextToText if spec["vision"] else mf.AutoModelForCausalLM
    m = cls.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
    m.generation_config = GenerationConfig(pad_token_id=m.generation_config.pad_token_id,
                                           eos_token_id=m.generation_config.eos_token_id)
    return m


def build(spec, out):
    v, fam = spec["v"], spec["fam"]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(f"{out}/cases")
    tok = mf.make_tokenizer(v["tokenizer"], v["bpe"], v["template"], out)
    assert len(tok) <= v["vocab"], len(tok)
    put_preprocessing(spec, out)
    cases = spec["cases"]
    used = set()
    for c in cases.values():
        images, videos = media(c["messages"])
        used |= set(images) | {f for frames, _ in videos for f in frames}
    if used:
        os.makedirs(f"{out}/images")
    for f in sorted(used):
        mf.draw(f"{out}/{f}", *spec["images"][os.path.basename(f)])
        if f.endswith(".jpg"):
            Image.open(f"{out}/{f}").convert("RGB").save(f"{out}/{f[:-4]}.decoded.png", optimize=True)
    cfg, gen = make_config(spec, tok)
    if spec.get("splice") or spec.get("next"):      # the inputs depend on the configuration file
        cfg.save_pretrained(out)
        if spec.get("splice"):
            c = json.load(open(f"{out}/config.json"))
            mf.dump(c | dict(vocab_size=v["vocab"]), f"{out}/config.json")
    cls = AutoModelForImageTextToText if spec["vision"] else mf.AutoModelForCausalLM
    for seed in range(spec.get("seed", 5000), spec.get("seed", 5000) + 400):
        torch.manual_seed(seed)
        model = cls.from_config(copy.deepcopy(cfg), attn_implementation="eager", dtype=torch.float32).eval()
        mf.randomize(model, fam, seed, tok, False)
        model.tie_weights()
        model.generation_config = GenerationConfig(pad_token_id=gen["pad_token_id"], eos_token_id=gen["eos_token_id"])
        try:
            results = {n: run_case(model, spec, out, n, c, tok) for n, c in cases.items()}
            break
        except NextSeed as e:
            print(f"  {spec['name']} seed {seed}: {e}", flush=True)
    else:
        raise SystemExit(f"{spec['name']}: no seed found")
    mf.save_checkpoint(fam, v, model, gen, out)
    if spec.get("flat_rope"):
        mf.dump(flat_rope(json.load(open(f"{out}/config.json"))), f"{out}/config_legacy.json")
    if spec.get("legacy_only"):
        os.replace(f"{out}/config_legacy.json", f"{out}/config.json")
    if spec.get("splice"):
        to_llava_mistral(out, spec)
    for n, (j, st) in results.items():
        mf.dump(j, f"{out}/cases/{n}.json", indent=None)
        save_file(st, f"{out}/cases/{n}.safetensors")
    margin = min(j["min_margin"] for j, _ in results.values())
    mf.dump(dict(family=spec["family"], seed=seed, transformers=transformers.__version__,
                 torch=torch.__version__.split("+")[0], weights_exact_in_bf16=False, cases=sorted(cases),
                 parameters=sum(p.numel() for p in model.parameters()), min_margin=margin), f"{out}/fixture.json")
    size = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(out) for f in fs)
    print(f"{spec['name']}: seed {seed}, {len(cases)} cases, {size / 1e6:.2f} MB, min margin {margin:.1e}", flush=True)


def verify(spec, out):
    configs = ["config.json"] + (["config_legacy.json"] if os.path.exists(f"{out}/config_legacy.json") else [])
    for config in configs:
        tmp, worst = tempfile.mkdtemp(), 0
        for f in os.listdir(out):
            if os.path.isfile(f"{out}/{f}"):
                shutil.copy(f"{out}/{f}", tmp)
        shutil.copy(f"{out}/{config}", f"{tmp}/config.json")
        if spec.get("splice"):
            from_llava_mistral(out, spec, tmp)
        model = load(spec, tmp)
        for n in spec["cases"]:
            j, st = json.load(open(f"{out}/cases/{n}.json")), load_file(f"{out}/cases/{n}.safetensors")
            prompt, inputs, px, more = prepare(spec, out, j)
            assert prompt == j["prompt"], n
            assert more.get("input_ids", inputs["input_ids"][0].tolist()) == j["input_ids"], n
            fresh(model, spec)
            ids, steps = mf.greedy(model, inputs)
            assert ids == j["new_token_ids"], (config, n)
            fresh(model, spec)
            tens, _, _ = trace(model, spec, inputs)
            tens.update({k + "_pil": p for k, (p, _) in px.items()}, logits_steps=steps)
            for k, t in tens.items():
                pos = j["hidden_positions"]
                t = t if pos == "all" or not k.startswith("hidden") else t[pos]
                worst = max(worst, (t - st[k]).abs().max().item() / st[k].abs().max().item())
        shutil.rmtree(tmp)
        print(f"{spec['name']} {config}: tokens equal, max relative difference {worst:.1e}", flush=True)


# ----------------------------------------------------------------------------- what is built
def specs():
    img, txt, case, user, long_text = mf.img, mf.txt, mf.case, mf.user, mf.long_text
    say = lambda s: {"role": "assistant", "content": [txt(s)]}
    video = lambda frames, fps: {"type": "video", "frames": [f"images/{f}" for f in frames], "fps": fps}
    out = {}

    def add(name, fam, v, cases, **kw):
        spec = dict(name=name, fam=fam, family=kw.pop("family", fam), v=v, cases=cases, vision=fam in mf.VISION,
                    images=kw.pop("images", IMAGES), **kw)
        out[name] = spec

    IMAGES = {"square.png": ("RGB", 75, 75, 1), "wide.png": ("RGB", 131, 47, 2), "tall.png": ("L", 45, 108, 3),
              "large.jpg": ("L", 200, 140, 4), "small.png": ("RGB", 33, 21, 5), "strip.png": ("RGB", 190, 40, 6),
              "tower.png": ("RGB", 38, 170, 7), "palette.png": ("P", 90, 64, 8)}

    # --- 1. rotary scaling
    def llama(rope, max_pos=4096, **kw):
        return dict(tokenizer="llama3", template="llama", bpe=985, vocab=1001, tie=False, text=dict(
            dict(hidden_size=54, intermediate_size=132, num_hidden_layers=2, num_attention_heads=3,
                 num_key_value_heads=1, head_dim=18, rms_norm_eps=1e-5, max_position_embeddings=max_pos,
                 rope_parameters=rope), **kw))
    two = lambda: {"short": case([user("What is the dose of aspirin?")]), "long": case([user(long_text(20))])}
    add("llama_linear", "llama", llama(dict(rope_type="linear", rope_theta=1e4, factor=2.5)), two(), flat_rope=True)
    # the llama template writes a system turn of about 45 tokens, so `short` stays below 96 even with its answer
    add("llama_dynamic", "llama", llama(dict(rope_type="dynamic", rope_theta=1e4, factor=4.0), 128),
        {"short": case([user("What is the dose?")]), "crossing": case([user(long_text(2))]),
         "long": case([user(long_text(12))])}, flat_rope=True, dynamic=True)
    add("llama_yarn", "llama", llama(dict(rope_type="yarn", rope_theta=1e4, factor=4.0, original_max_position_embeddings=64)),
        two(), flat_rope=True)
    add("llama_yarn_attention_factor", "llama", llama(dict(
        rope_type="yarn", rope_theta=2e4, factor=3.0, original_max_position_embeddings=256, attention_factor=1.25,
        beta_fast=16.0, beta_slow=2.0, truncate=False)), two(), flat_rope=True)
    add("llama_yarn_mscale", "llama", llama(dict(
        rope_type="yarn", rope_theta=1e4, factor=8.0, original_max_position_embeddings=128, mscale=1.2,
        mscale_all_dim=0.7)), two(), flat_rope=True)
    add("llama_llama3", "llama", llama(dict(
        rope_type="llama3", rope_theta=2e4, factor=4.0, low_freq_factor=1.5, high_freq_factor=6.0,
        original_max_position_embeddings=128)), two(), flat_rope=True)
    add("qwen2_yarn", "qwen2", dict(
        tokenizer="qwen2", template="qwen2", bpe=985, vocab=1011, tie=True,
        text=dict(hidden_size=48, intermediate_size=132, num_hidden_layers=2, num_attention_heads=4,
                  num_key_value_heads=2, rms_norm_eps=1e-6, max_position_embeddings=128, rope_parameters=dict(
                      rope_type="yarn", rope_theta=1e6, factor=4.0, original_max_position_embeddings=128))),
        two(), flat_rope=True)

    # --- 2. LLaVA
    mf.KINDS["qwen2_image"] = dict(mf.KINDS["qwen2"], special=mf.QWEN2_SPECIAL + ["<image>"])
    mf.KINDS["huatuo"] = dict(mf.KINDS["qwen2"], special=mf.QWEN2_SPECIAL + ["<image>"], eos="<|endoftext|>")
    mf.T["llava_chatml"] = r"""{% for message in messages %}{{ '<|im_start|>' + message['role'] + '
' }}{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>
' }}{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{{ '<|im_end|>
' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""
    mf.T["huatuo"] = r"""{% for message in messages %}{{ '<|' + message['role'] + '|>
' }}{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>
' }}{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{{ '
' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>
' }}{% endif %}"""
    mf.T["llava_next_mistral"] = r"""{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' }}{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>
' }}{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ ' [/INST]' }}{% else %}{{ ' ' + message['content'][0]['text'] + eos_token }}{% endif %}{% endfor %}"""
    CLIP = lambda **k: dict(dict(model_type="clip_vision_model", hidden_size=36, intermediate_size=80, num_hidden_layers=4,
                                 num_attention_heads=3, patch_size=14, image_size=56, projection_dim=32, hidden_act="quick_gelu"), **k)
    QWEN2 = lambda **k: dict(dict(model_type="qwen2", hidden_size=48, intermediate_size=120, num_hidden_layers=2,
                                  num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-6, max_position_embeddings=4096,
                                  rope_parameters=dict(rope_type="default", rope_theta=1e6)), **k)
    LLAMA = lambda **k: dict(dict(model_type="llama", hidden_size=50, intermediate_size=120, num_hidden_layers=2,
                                  num_attention_heads=5, num_key_value_heads=5, head_dim=10, rms_norm_eps=1e-5, max_position_embeddings=4096,
                                  rope_parameters=dict(rope_type="default", rope_theta=1e4)), **k)
    MISTRAL = lambda **k: dict(LLAMA(**dict(model_type="mistral", num_key_value_heads=1, sliding_window=None,
                                            rope_parameters=dict(rope_type="default", rope_theta=1e6), **k)))

    def llava(text, vision, tokenizer="llava", template="llava_vicuna", layer=-2, strategy="default", tokens=16, vocab=1013):
        return dict(tokenizer=tokenizer, template=template, bpe=985, vocab=vocab, tie=False, text=text, vision=vision,
                    config=dict(vision_feature_layer=layer, vision_feature_select_strategy=strategy,
                                image_seq_length=tokens, projector_hidden_act="gelu"))
    llava_cases = lambda: {
        "square": case([user(img("square.png"), txt("Describe this chest X-ray."))]),
        "wide": case([user(img("wide.png"), txt("Which side has the effusion?"))]),
        "three_images": case([user(img("tall.png"), img("palette.png"), txt("Compare these.")),
                              say("The right side is larger."), user(img("small.png"), txt("And here? 请描述。"))])}
    siglip_processor = {"preprocessor_config.json": dict(
        image_processor_type="SiglipImageProcessor", size={"height": 56, "width": 56}, do_center_crop="absent",
        crop_size="absent", **mf.HALF)}
    add("llava_siglip_qwen2", "llava", llava(
        QWEN2(), dict(model_type="siglip_vision_model", hidden_size=36, intermediate_size=80, num_hidden_layers=3,
                      num_attention_heads=3, patch_size=14, image_size=56, vision_use_head=False),
        "qwen2_image", "llava_chatml", layer=-1, strategy="full"), llava_cases(),
        files=siglip_processor | {"processor_config.json": dict(num_additional_image_tokens=0, vision_feature_select_strategy="full")})
    add("llava_clip_qwen2", "llava", llava(QWEN2(num_attention_heads=3, num_key_value_heads=1), CLIP(), "huatuo", "huatuo")
        | dict(public_tower_names=True), llava_cases())
    add("llava_clip_llama", "llava", llava(LLAMA(), CLIP(num_hidden_layers=3, hidden_act="gelu"), layer=-1), llava_cases())
    add("llava_full", "llava", llava(MISTRAL(), CLIP(), strategy="full", tokens=17) | dict(original_names=False), llava_cases(),
        files={"processor_config.json": dict(vision_feature_select_strategy="full")})
    add("llava_layers", "llava", llava(LLAMA(num_key_value_heads=1), CLIP(), layer=[-3, -2, 1]), llava_cases())
    pins = [[42, 84], [84, 42], [84, 84], [126, 42], [42, 126]]
    add("llava_next", "llava", llava(MISTRAL(), CLIP(image_size=42, num_hidden_layers=3), template="llava_next_mistral", tokens=9)
        | dict(public_tower_names=True),
        {"square": case([user(img("square.png"), txt("Describe this chest X-ray."))]),
         "strip": case([user(img("strip.png"), txt("Which side has the effusion?"))]),
         "three_images": case([user(img("tower.png"), img("wide.png"), txt("Compare these.")),
                               say("The right side is larger."), user(img("small.png"), txt("And here?"))])},
        next=pins, family="llava_next",
        files={"preprocessor_config.json": dict(image_processor_type="LlavaNextImageProcessor", processor_class="LlavaNextProcessor",
                                                size={"shortest_edge": 42}, crop_size={"height": 42, "width": 42},
                                                do_pad=True, image_grid_pinpoints=pins, aspect_ratio_setting="anyres"),
               "processor_config.json": dict(processor_class="LlavaNextProcessor", patch_size=14)})

    # --- 3. the original LLaVA-Med v1.5 layout
    mf.KINDS["llava_med"] = dict(mf.KINDS["llava"], tail=[])
    mf.T["llava_med"] = r"""{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' }}{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}{{ '<image>
' }}{% endif %}{% endfor %}{% endif %}{{ ' [/INST]' }}{% else %}{{ ' ' + (message['content'] if message['content'] is string else message['content'][0]['text']) + ' </s>' }}{% endif %}{% endfor %}"""
    mf.KINDS["llava_med"]["pad"] = "<unk>"
    add("llava_mistral", "llava", llava(MISTRAL(), CLIP(), "llava_med", "llava_med", vocab=991),
        {"square": case([user(img("square.png"), txt("Describe this chest X-ray."))]),
         "wide": case([user(img("wide.png"), txt("Which side has the effusion?"))]),
         "tall_two_turns": case([user(img("tall.png"), txt("What is shown?")), say("A small effusion."),
                                 user(txt("Is it severe?"))]),
         "text_only": case([user("List three causes of pleural effusion.")])}, splice=True, family="llava_mistral")

    # --- 4. Gemma 3
    gemma_text = lambda **k: dict(dict(
        hidden_size=54, intermediate_size=132, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        query_pre_attn_scalar=26, sliding_window=20, sliding_window_pattern=3, max_position_embeddings=4096,
        rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
                             sliding_attention=dict(rope_type="default", rope_theta=1e4))), **k)
    siglip = lambda **k: dict(dict(hidden_size=36, intermediate_size=80, num_hidden_layers=2, num_attention_heads=3,
                                   patch_size=14, image_size=56, vision_use_head=False), **k)
    pas = dict(do_pan_and_scan=True, pan_and_scan_min_crop_size=30, pan_and_scan_max_num_crops=4,
               pan_and_scan_min_ratio_to_activate=1.2)
    add("gemma3_pan_and_scan", "gemma3", dict(
        tokenizer="gemma", template="gemma3", bpe=985, vocab=1009, tie=True, legacy_config=True, public_tower_names=True,
        config=dict(mm_tokens_per_image=4), text=gemma_text(), vision=siglip()),
        {"strip": case([user(img("strip.png"), txt("Which side has the effusion?"))]),
         "tower_and_square": case([user(img("tower.png"), txt("Compare with"), img("square.png"), txt("Explain."))]),
         "too_small": case([user(img("small.png"), txt("What is shown?"))])},
        processor_kwargs=pas, files={"preprocessor_config.json": pas})
    add("gemma3_text_legacy", "gemma3_text", dict(
        tokenizer="gemma", template="gemma3", bpe=985, vocab=1007, tie=True, legacy_config=True,
        text=gemma_text(sliding_window=18, sliding_window_pattern=2, head_dim=22, num_hidden_layers=3)),
        {"short": case([user("What is the dose of aspirin?")]), "long": case([user(long_text(14))])}, legacy_only=True)

    # --- 6. video frames
    VIDEO = {f"f{i}.png": ("RGB", 70, 62, 20 + i) for i in range(5)} | {f"w{i}.png": ("RGB", 150, 34, 40 + i) for i in range(5)}
    frames, wide = [f"f{i}.png" for i in range(5)], [f"w{i}.png" for i in range(5)]
    ask = lambda *parts: case([user(*parts)])
    videos = lambda fps: {
        "four_frames": ask(video(frames[:4], 2.0), txt("What moves?")),
        "five_frames": ask(video(wide, 2.0), txt("Describe the video.")),
        "five_frames_slow": ask(video(frames, fps), txt("What changes?"))}
    for fam, v in (("qwen2_vl", dict(
            tokenizer="qwen2_vl", template="qwen2_vl", bpe=701, vocab=731, tie=True, pixels=(3136, 3920), original_names=False,
            text=dict(hidden_size=40, intermediate_size=100, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=1,
                      rms_norm_eps=1e-6, max_position_embeddings=4096,
                      rope_parameters=dict(rope_type="default", rope_theta=300.0, mrope_section=[1, 2, 2])),
            vision=dict(depth=2, embed_dim=24, hidden_size=40, mlp_ratio=3, num_heads=2, patch_size=14))),
                   ("qwen2_5_vl", dict(
            tokenizer="qwen2", template="qwen2_vl", bpe=701, vocab=733, tie=False, pixels=(3136, 3920), original_names=False,
            text=dict(hidden_size=40, intermediate_size=100, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                      rms_norm_eps=1e-6, max_position_embeddings=4096,
                      rope_parameters=dict(rope_type="default", rope_theta=500.0, mrope_section=[2, 1, 2])),
            vision=dict(depth=3, hidden_size=24, intermediate_size=50, num_heads=2, out_hidden_size=40, patch_size=14,
                        window_size=56, fullatt_block_indexes=[1], tokens_per_second=2))),
                   ("qwen3_vl", dict(
            tokenizer="qwen3", template="qwen3_vl", bpe=701, vocab=737, tie=True, pixels=(4096, 6144),
            text=dict(hidden_size=40, intermediate_size=100, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
                      head_dim=20, rms_norm_eps=1e-6, max_position_embeddings=4096,
                      rope_parameters=dict(rope_type="default", rope_theta=400.0, mrope_section=[4, 3, 3], mrope_interleaved=True)),
            vision=dict(depth=3, hidden_size=24, intermediate_size=60, num_heads=2, out_hidden_size=40, patch_size=16,
                        num_position_embeddings=25, deepstack_visual_indexes=[0, 2])))):
        c = videos(0.7)
        files = {}
        if fam == "qwen2_5_vl":
            c["four_frames_fast"] = ask(video(frames[:4], 4.0), txt("What moves?"))
        if fam == "qwen3_vl":
            files["video_preprocessor_config.json"] = dict(size={"longest_edge": 24576, "shortest_edge": 4096})
        c["video_and_image"] = ask(txt("Compare"), img("small.png"), txt("with"), video(frames[:2], 1.0), txt("Explain."))
        add(f"{fam}_video", fam, v, c, files=files, images=IMAGES | VIDEO)
        if fam == "qwen3_vl":       # without the outer vision tokens, as the processor of transformers 4.57 wrote it
            add("qwen3_vl_video_flat", fam, v, {k: c[k] for k in ("four_frames", "five_frames_slow")}, files=files,
                images=IMAGES | VIDEO, flat=True)

    heldback(add, img, txt, case, user, say, long_text)
    small(add, img, txt, case, user, say, long_text)
    return out


def heldback(add, img, txt, case, user, say, long_text):
    """Every family with other sizes, other prompts, and three images of different shapes."""
    IMAGES = {"ct.png": ("RGB", 97, 61, 61), "scan.jpg": ("RGB", 58, 149, 62), "film.png": ("L", 210, 101, 63),
              "dot.png": ("P", 29, 37, 64), "bar.png": ("RGBA", 173, 44, 65)}

    def vision_cases(fam):
        plain = (lambda s: user(txt(s))) if fam == "llava" else user
        return {
            "one": case([user(img("ct.png"), txt("Is there a lesion in segment VI? Answer yes or no."))]),
            "three_images": case([
                {"role": "system", "content": [txt("You compare studies.")]},
                user(txt("First"), img("scan.jpg"), txt(" then "), img("bar.png"), txt(" What changed?")),
                say("The nodule grew by 3 mm."), user(img("dot.png"), txt("Und hier? 还有这里呢？"))]),
            "film": case([user(img("film.png"), txt("{\"task\": \"grade\", \"scale\": [0, 4]}"))]),
            "text_only": case([plain("Éléments: 1) β-blocker 2) 阿司匹林 75 mg\n\nWhich first?")])}
    text_cases = lambda: {
        "one": case([user("Grade this: ER+, HER2-, 14 mm.")]),
        "report": case([user(long_text(16, 5))]),
        "turns": case([user("\tWhy  ST-elevation?\n"), {"role": "assistant", "content": "Occlusion of the RCA."},
                       user("👩‍⚕️ naïve: „ja“ 1/2 ½ … 心电图？")])}
    rope = lambda theta, **k: dict(rope_type="default", rope_theta=theta, **k)
    base = lambda **k: dict(dict(rms_norm_eps=1e-6, max_position_embeddings=4096), **k)
    sizes = {
        "qwen2_vl": dict(
            tokenizer="qwen2_vl", template="qwen2_vl", bpe=721, vocab=747, tie=False, pixels=(3136, 6272), original_names=False,
            text=base(hidden_size=50, intermediate_size=118, num_hidden_layers=3, num_attention_heads=5, num_key_value_heads=1,
                      rope_parameters=rope(1e4, mrope_section=[1, 2, 2])),
            vision=dict(depth=2, embed_dim=40, hidden_size=50, mlp_ratio=3, num_heads=5, patch_size=14)),
        "qwen2_5_vl": dict(
            tokenizer="qwen2", template="qwen2_vl", bpe=721, vocab=751, tie=True, pixels=(3136, 7056), original_names=False,
            text=base(hidden_size=54, intermediate_size=118, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=3,
                      rope_parameters=rope(1e4, mrope_section=[3, 4, 2])),
            vision=dict(depth=3, hidden_size=40, intermediate_size=70, num_heads=2, out_hidden_size=54, patch_size=14,
                        window_size=84, fullatt_block_indexes=[2], tokens_per_second=4)),
        "qwen3_vl": dict(
            tokenizer="qwen3", template="qwen3_vl", bpe=721, vocab=757, tie=False, pixels=(4096, 6144),
            text=base(hidden_size=46, intermediate_size=98, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=1,
                      head_dim=22, rope_parameters=rope(1e4, mrope_section=[5, 3, 3], mrope_interleaved=True)),
            vision=dict(depth=5, hidden_size=24, intermediate_size=70, num_heads=1, out_hidden_size=46, patch_size=16,
                        num_position_embeddings=49, deepstack_visual_indexes=[1, 3, 4])),
        "qwen3_vl_moe": dict(
            tokenizer="qwen3", template="qwen3_vl", bpe=721, vocab=759, tie=False, pixels=(4096, 7168),
            text=base(hidden_size=36, intermediate_size=78, moe_intermediate_size=20, num_hidden_layers=3, num_experts=7,
                      num_experts_per_tok=3, num_attention_heads=4, num_key_value_heads=2, head_dim=20, mlp_only_layers=[0],
                      rope_parameters=rope(5e3, mrope_section=[4, 3, 3], mrope_interleaved=True)),
            vision=dict(depth=3, hidden_size=40, intermediate_size=66, num_heads=2, out_hidden_size=36, patch_size=16,
                        num_position_embeddings=16, deepstack_visual_indexes=[2])),
        "gemma3": dict(
            tokenizer="gemma", template="gemma3", bpe=941, vocab=967, tie=True, legacy_config=True, public_tower_names=True,
            config=dict(mm_tokens_per_image=9),
            text=dict(hidden_size=51, intermediate_size=114, num_hidden_layers=5, num_attention_heads=3, num_key_value_heads=1,
                      head_dim=18, query_pre_attn_scalar=17, sliding_window=7, sliding_window_pattern=2,
                      max_position_embeddings=4096, rope_parameters=dict(
                          full_attention=dict(rope_type="linear", factor=4.0, rope_theta=1e5),
                          sliding_attention=dict(rope_type="default", rope_theta=5e3))),
            vision=dict(hidden_size=44, intermediate_size=70, num_hidden_layers=2, num_attention_heads=4, patch_size=10,
                        image_size=90, vision_use_head=False)),
        "llava": dict(
            tokenizer="llava", template="llava_vicuna", bpe=941, vocab=951, tie=False,
            config=dict(vision_feature_layer=-3, vision_feature_select_strategy="default", image_seq_length=25,
                        projector_hidden_act="gelu"),
            text=dict(model_type="mistral", hidden_size=54, intermediate_size=102, num_hidden_layers=3, num_attention_heads=3,
                      num_key_value_heads=1, head_dim=14, rms_norm_eps=1e-5, sliding_window=None, max_position_embeddings=4096,
                      rope_parameters=rope(1e5)),
            vision=dict(model_type="clip_vision_model", hidden_size=36, intermediate_size=70, num_hidden_layers=5,
                        num_attention_heads=3, patch_size=10, image_size=50, projection_dim=24, hidden_act="quick_gelu")),
        "llama": dict(
            tokenizer="llama3", template="llama", bpe=941, vocab=959, tie=True,
            text=base(hidden_size=60, intermediate_size=102, num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=2,
                      head_dim=10, rope_parameters=dict(rope_type="llama3", rope_theta=1e4, factor=32.0, low_freq_factor=1.0,
                                                        high_freq_factor=4.0, original_max_position_embeddings=128))),
        "qwen2": dict(
            tokenizer="qwen2", template="qwen2", bpe=941, vocab=969, tie=False,
            text=base(hidden_size=66, intermediate_size=102, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=3,
                      rope_parameters=rope(1e5), use_sliding_window=True, sliding_window=12, max_window_layers=2)),
        "qwen3": dict(
            tokenizer="qwen3", template="qwen3", bpe=941, vocab=975, tie=False,
            text=base(hidden_size=50, intermediate_size=102, num_hidden_layers=2, num_attention_heads=5, num_key_value_heads=1,
                      head_dim=18, rope_parameters=rope(1e5))),
        "qwen3_moe": dict(
            tokenizer="qwen3", template="qwen3", bpe=941, vocab=979, tie=True,
            text=base(hidden_size=44, intermediate_size=78, moe_intermediate_size=12, num_hidden_layers=4, num_experts=9,
                      num_experts_per_tok=4, norm_topk_prob=False, decoder_sparse_step=2, num_attention_heads=6,
                      num_key_value_heads=3, head_dim=14, rope_parameters=rope(1e5))),
        "mistral": dict(
            tokenizer="mistral", template="mistral", bpe=941, vocab=951, tie=True,
            text=base(hidden_size=60, intermediate_size=118, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
                      head_dim=10, sliding_window=None, rope_parameters=rope(1e6))),
        "gemma3_text": dict(
            tokenizer="gemma", template="gemma3", bpe=941, vocab=965, tie=True, legacy_config=True,
            text=dict(hidden_size=55, intermediate_size=106, num_hidden_layers=7, num_attention_heads=5, num_key_value_heads=1,
                      head_dim=14, query_pre_attn_scalar=11, sliding_window=9, sliding_window_pattern=6,
                      max_position_embeddings=4096, rope_parameters=dict(
                          full_attention=dict(rope_type="linear", factor=2.0, rope_theta=1e5),
                          sliding_attention=dict(rope_type="default", rope_theta=2e3)))),
        "seed_oss": dict(
            tokenizer="seed", template="seed_oss", bpe=941, vocab=957, tie=False,
            text=base(hidden_size=58, intermediate_size=106, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
                      head_dim=18, attention_bias=True, attention_out_bias=False, mlp_bias=False, rope_parameters=rope(1e6))),
    }
    for fam, v in sizes.items():
        cases = vision_cases(fam) if fam in mf.VISION else text_cases()
        if fam in ("qwen2", "qwen3", "qwen3_moe", "mistral", "llama", "seed_oss"):
            cases["tools"] = case(mf.tool_dialog("Dose of metformin at eGFR 35?", "metformin", '{"max": "1000 mg"}',
                                                 [] if fam != "mistral" else [{"role": "assistant", "content": "1000 mg."}, user("Per day?")]),
                                  tools=mf.TOOLS)
        if fam == "qwen3":
            cases["no_thinking"] = case([user("Benign?")], template_kwargs={"enable_thinking": False})
        if fam == "seed_oss":
            cases["budget_1024"] = case([user("Benign?")], template_kwargs={"thinking_budget": 1024})
        add(f"heldback_{fam}", fam, v, cases, images=IMAGES, seed=7000, pil_only=True)


def small(add, img, txt, case, user, say, long_text):
    """Every family as small as it can be, for the repository; the larger ones stay outside."""
    IMAGES = {"ct.png": ("RGB", 41, 25, 71), "film.png": ("L", 22, 53, 72), "bar.png": ("RGBA", 47, 18, 73)}

    def vision_cases(fam):
        plain = (lambda s: user(txt(s))) if fam == "llava" else user
        return {
            "three_images": case([user(txt("First"), img("ct.png"), txt(" then "), img("film.png"), txt("?")),
                                  say("Smaller."), user(img("bar.png"), txt("还有?"))]),
            "text_only": case([plain("Why?")])}
    text_cases = lambda: {
        "unicode": case([user("naïve 心电图 👩‍⚕️ ½"), {"role": "assistant", "content": "14 mm."}, user("Why?")]),
        "report": case([user(long_text(3, 5))])}
    rope = lambda theta, **k: dict(rope_type="default", rope_theta=theta, **k)
    base = lambda **k: dict(dict(rms_norm_eps=1e-6, max_position_embeddings=4096), **k)
    heads = dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    clip = dict(model_type="clip_vision_model", hidden_size=24, intermediate_size=40, num_hidden_layers=3,
                num_attention_heads=2, patch_size=8, image_size=32, projection_dim=24, hidden_act="quick_gelu")
    llava = dict(tokenizer="llava", template="llava_vicuna", bpe=395, vocab=455, tie=False,
                 config=dict(vision_feature_layer=-2, vision_feature_select_strategy="default", image_seq_length=16,
                             projector_hidden_act="gelu"),
                 text=base(**heads, model_type="mistral", head_dim=8, sliding_window=None, rope_parameters=rope(1e5)), vision=clip)
    gemma = dict(hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1,
                 head_dim=12, query_pre_attn_scalar=9, sliding_window=5, sliding_window_pattern=2,
                 max_position_embeddings=4096, rope_parameters=dict(
                     full_attention=dict(rope_type="linear", factor=4.0, rope_theta=1e5),
                     sliding_attention=dict(rope_type="default", rope_theta=5e3)))
    sizes = {
        "qwen2_vl": dict(
            tokenizer="qwen2_vl", template="qwen2_vl", bpe=395, vocab=427, tie=True, pixels=(512, 1024), original_names=False,
            text=base(**heads, rope_parameters=rope(1e4, mrope_section=[1, 1, 2])),
            vision=dict(depth=2, embed_dim=24, hidden_size=32, mlp_ratio=2, num_heads=2, patch_size=8)),
        "qwen3_vl": dict(
            tokenizer="qwen3", template="qwen3_vl", bpe=395, vocab=427, tie=True, pixels=(512, 1024),
            text=base(**heads, head_dim=12, rope_parameters=rope(1e4, mrope_section=[2, 2, 2], mrope_interleaved=True)),
            vision=dict(depth=3, hidden_size=24, intermediate_size=40, num_heads=2, out_hidden_size=32, patch_size=8,
                        num_position_embeddings=16, deepstack_visual_indexes=[1])),
        "qwen3_vl_moe": dict(
            tokenizer="qwen3", template="qwen3_vl", bpe=395, vocab=427, tie=False, pixels=(512, 1024),
            text=base(**heads, moe_intermediate_size=12, num_experts=4, num_experts_per_tok=2, head_dim=12,
                      rope_parameters=rope(5e3, mrope_section=[2, 2, 2], mrope_interleaved=True)),
            vision=dict(depth=2, hidden_size=24, intermediate_size=40, num_heads=2, out_hidden_size=32, patch_size=8,
                        num_position_embeddings=9, deepstack_visual_indexes=[0])),
        "gemma3": dict(
            tokenizer="gemma", template="gemma3", bpe=395, vocab=455, tie=True, legacy_config=True, public_tower_names=True,
            config=dict(mm_tokens_per_image=4), text=gemma,
            vision=dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, patch_size=8,
                        image_size=32, vision_use_head=False)),
        "llava": llava,
        "llama": dict(
            tokenizer="llama3", template="llama", bpe=395, vocab=427, tie=False,
            text=base(**heads, head_dim=12, rope_parameters=dict(
                rope_type="llama3", rope_theta=1e4, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=32))),
        "qwen3_moe": dict(
            tokenizer="qwen3", template="qwen3", bpe=395, vocab=427, tie=True,
            text=base(**heads, moe_intermediate_size=12, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True,
                      mlp_only_layers=[1], head_dim=12, rope_parameters=rope(1e5))),
        "mistral": dict(
            tokenizer="mistral", template="mistral", bpe=395, vocab=455, tie=False,
            text=base(**heads, head_dim=12, sliding_window=6, rope_parameters=rope(1e5))),
        "gemma3_text": dict(tokenizer="gemma", template="gemma3", bpe=395, vocab=455, tie=True, text=gemma),
        "seed_oss": dict(
            tokenizer="seed", template="seed_oss", bpe=395, vocab=427, tie=False,
            text=base(**heads, head_dim=12, attention_bias=True, attention_out_bias=False, mlp_bias=False,
                      rope_parameters=rope(1e6))),
    }
    for fam, v in sizes.items():
        cases = vision_cases(fam) if fam in mf.VISION else text_cases()
        files = {"preprocessor_config.json": dict(patch_size=8)} if fam.startswith("qwen") and fam in mf.VISION else {}
        if fam.startswith("qwen3_vl"):
            files["video_preprocessor_config.json"] = dict(patch_size=8)
        add(f"small_{fam}", fam, v, cases, files=files, images=IMAGES, seed=9000, pil_only=True)
    linear = dict(rope_type="linear", rope_theta=1e4, factor=3.0)
    yarn = dict(rope_type="yarn", rope_theta=1e4, factor=4.0, original_max_position_embeddings=32)
    for name, parameters in (("linear", linear), ("yarn", yarn)):
        add(f"small_llama_{name}", "llama", dict(
            tokenizer="llama3", template="llama", bpe=395, vocab=427, tie=True,
            text=base(**heads, head_dim=12, rope_parameters=parameters)), {"report": case([user(long_text(3, 5))])}, seed=9000)
    add("small_llama_dynamic", "llama", dict(
        tokenizer="llama3", template="llama", bpe=395, vocab=427, tie=True,
        text=base(**heads, head_dim=12, rope_parameters=dict(rope_type="dynamic", rope_theta=1e4, factor=3.0))
        | dict(max_position_embeddings=64)), {"crossing": case([user(long_text(1, 5))])}, seed=9000, dynamic=True)
    wide = case([user(img("bar.png"), txt("Which side?"))])
    pins = [[16, 32], [32, 16], [32, 32]]
    add("small_llava_next", "llava", dict(llava, template="llava_next_mistral", vision=dict(clip, image_size=16),
                                          config=dict(llava["config"], image_seq_length=4)), {"wide": wide},
        next=pins, family="llava_next", images=IMAGES, seed=9000, pil_only=True,
        files={"preprocessor_config.json": dict(
            image_processor_type="LlavaNextImageProcessor", processor_class="LlavaNextProcessor", size={"shortest_edge": 16},
            crop_size={"height": 16, "width": 16}, do_pad=True, image_grid_pinpoints=pins, aspect_ratio_setting="anyres"),
               "processor_config.json": dict(processor_class="LlavaNextProcessor", patch_size=8)})
    add("small_llava_mistral", "llava", dict(llava, tokenizer="llava_med", template="llava_med"), {"wide": wide},
        splice=True, family="llava_mistral", images=IMAGES, seed=9000, pil_only=True)


def main():
    global mf
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("make_fixtures")
    ap.add_argument("out")
    ap.add_argument("--only", default="")
    ap.add_argument("--verify", action="store_true")
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()
    s = importlib.util.spec_from_file_location("make_fixtures", a.make_fixtures)
    mf = importlib.util.module_from_spec(s)
    s.loader.exec_module(mf)
    all_specs = specs()
    for name in a.only.split(",") if a.only else all_specs:
        if a.list:
            print(name)
        elif a.verify:
            verify(all_specs[name], f"{a.out}/{name}")
        else:
            build(all_specs[name], f"{a.out}/{name}")


if __name__ == "__main__":
    main()
