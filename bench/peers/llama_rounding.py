#!/usr/bin/env python3
"""The weights of a Qwen2.5-VL checkpoint as llama.cpp rounds them, as checkpoints again.

The decoder's matrices go through llama-quantize, with its own choice of a format for each, and come
back as float32; everything else is copied. org.vesalius.bench.quality.Quality then compares them
with our formats, all computed by the same code, so that what differs is the rounding of weights
alone. Needs Python packages gguf, safetensors and numpy, and llama.cpp's llama-quantize.
"""
import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import gguf
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

LAYER = {
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.k_proj.bias": "attn_k.bias",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.o_proj.weight": "attn_output.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}


def arguments():
    parser = argparse.ArgumentParser(description="A checkpoint with its weights as llama.cpp rounds them.")
    parser.add_argument("model", type=Path, help="folder of a Qwen2.5-VL checkpoint in one file")
    parser.add_argument("out", type=Path, help="folder for the folders Q8_0, Q4_0, ...")
    parser.add_argument("--types", default="Q8_0,Q4_0", help="of llama-quantize (default: Q8_0,Q4_0)")
    parser.add_argument("--llama-quantize", default="llama-quantize", metavar="FILE", help="the program")
    return parser.parse_args()


def read(model):
    """All tensors as float32, by name."""
    with safe_open(model / "model.safetensors", "pt") as stored:
        return {name: stored.get_tensor(name).float().numpy() for name in stored.keys()}


def names(tensors, layers):
    """The decoder's tensors: our name to llama.cpp's."""
    embedding = next(name for name in tensors if name.endswith("embed_tokens.weight"))
    prefix = embedding[:-len("embed_tokens.weight")]
    found = {embedding: "token_embd.weight", prefix + "norm.weight": "output_norm.weight"}
    if "lm_head.weight" in tensors:
        found["lm_head.weight"] = "output.weight"
    for i in range(layers):
        for ours, theirs in LAYER.items():
            name = "%slayers.%d.%s" % (prefix, i, ours)
            if name in tensors:
                found[name] = "blk.%d.%s" % (i, theirs)
    return found


def write_gguf(file, config, tensors, mapping):
    writer = gguf.GGUFWriter(file, "qwen2")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(config["vocab_size"])
    for ours, theirs in mapping.items():
        writer.add_tensor(theirs, np.ascontiguousarray(tensors[ours]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantize(program, plain, rounded, kind):
    done = subprocess.run(
        [program, plain, rounded, kind], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit("%s ended with %d:\n%s" % (program, done.returncode, done.stdout[-2000:]))


def main():
    options = arguments()
    config = json.loads((options.model / "config.json").read_text())
    config = config.get("text_config", config)
    tensors = read(options.model)
    mapping = names(tensors, config["num_hidden_layers"])
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "f32.gguf"
        write_gguf(plain, config, tensors, mapping)
        for kind in options.types.split(","):
            rounded = Path(scratch) / (kind + ".gguf")
            quantize(options.llama_quantize, plain, rounded, kind)
            back = dict(tensors)
            kinds, bits, weights = {}, 0, 0
            stored = {tensor.name: tensor for tensor in gguf.GGUFReader(rounded).tensors}
            for ours, theirs in mapping.items():
                tensor = stored[theirs]
                values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
                back[ours] = np.ascontiguousarray(values.reshape(tensors[ours].shape), dtype=np.float32)
                if tensors[ours].ndim == 2:
                    kinds[tensor.tensor_type.name] = kinds.get(tensor.tensor_type.name, 0) + 1
                    bits += 8 * tensor.n_bytes
                    weights += tensors[ours].size
            folder = options.out / kind
            folder.mkdir(parents=True, exist_ok=True)
            for file in options.model.iterdir():
                if file.is_file() and file.suffix != ".safetensors":
                    shutil.copy(file, folder)
            save_file(back, folder / "model.safetensors", metadata={"format": "pt"})
            print("%s: %.2f bits per weight of the decoder's matrices: %s" % (
                kind, bits / weights, ", ".join("%d %s" % (n, k) for k, n in sorted(kinds.items()))))


if __name__ == "__main__":
    main()
