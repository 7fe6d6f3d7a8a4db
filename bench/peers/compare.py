#!/usr/bin/env python3
"""Whole models against llama.cpp on the same weights, in turns.

Runs ./vesalius bench and llama-bench one after the other, as often as --rounds says, and prints a
table of medians with ratios; --out also writes JSON with every run. Nothing else may run meanwhile.
bench/README.md says how to make the files. Needs Python 3.9 and nothing else.
"""
import argparse
import datetime
import json
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Which of our formats of weights stands beside which of llama.cpp's.
PEERS = {"bf16": "BF16", "int8": "Q8_0", "int4": "Q4_0"}


def arguments():
    parser = argparse.ArgumentParser(
        description="Whole models against llama.cpp on the same weights, in turns.")
    parser.add_argument("--model", required=True, help="folder of the safetensors checkpoint, for us")
    parser.add_argument(
        "--gguf", action="append", default=[], metavar="FORMAT=FILE",
        help="file for llama.cpp with the weights that stand beside our format bf16, int8 or int4 "
             "(BF16, Q8_0, Q4_0), as llama-bench sees it; may be repeated")
    parser.add_argument(
        "--llama-bench", default="llama-bench", metavar="COMMAND",
        help="command that starts llama-bench, such as 'chroot DIR llama-bench' (default: llama-bench)")
    parser.add_argument(
        "--llama-mtmd", metavar="COMMAND",
        help="command that starts llama-mtmd-cli; with --mmproj and --image it encodes a picture")
    parser.add_argument("--mmproj", metavar="FILE", help="vision part for llama-mtmd-cli, as it sees it")
    parser.add_argument("--image", metavar="FILE", help="picture for llama-mtmd-cli, as it sees it")
    parser.add_argument(
        "--image-size", default="56x56", metavar="WxH",
        help="picture for us; give the size of --image to compare vision (default: 56x56)")
    parser.add_argument(
        "--vesalius", default=str(ROOT / "vesalius"), metavar="COMMAND",
        help="command that starts us (default: the launcher of this repository)")
    parser.add_argument(
        "--formats", default="", metavar="LIST",
        help="our formats of weights (default: those of --gguf, else bf16)")
    parser.add_argument("--backend", default="auto", help="our backend (default: auto)")
    parser.add_argument("--threads", type=int, default=2, help="of both (default: 2)")
    parser.add_argument("--prompt", type=int, default=512, help="tokens of the prompt (default: 512)")
    parser.add_argument("--decode", type=int, default=32, help="tokens of the answer (default: 32)")
    parser.add_argument("--context", type=int, help="also decode after so many tokens, both")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON with every run")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: expected at least 1, found %d" % options.rounds)
    options.files = {}
    for pair in options.gguf:
        name, equals, file = pair.partition("=")
        if name not in PEERS or not equals or not file:
            parser.error("--gguf: expected bf16=FILE, int8=FILE or int4=FILE, found " + pair)
        options.files[name] = file
    options.formats = [name for name in options.formats.split(",") if name] or list(options.files) or ["bf16"]
    for name in options.formats:
        if name not in PEERS:
            parser.error("--formats: expected bf16, int8 or int4, found " + name)
    if options.llama_mtmd and not (options.mmproj and options.image):
        parser.error("--llama-mtmd: needs --mmproj and --image")
    return options


def output(command, both=False):
    """Standard output of a command, or the end of what it said if it failed."""
    print("  " + shlex.join(command), file=sys.stderr)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT if both else subprocess.PIPE)
    if done.returncode != 0:
        said = (done.stdout if both else done.stderr)[-2000:]
        sys.exit("%s\nended with %d:\n%s" % (shlex.join(command), done.returncode, said))
    return done.stdout


def knows_weights(options):
    return "--weights" in output([*shlex.split(options.vesalius), "bench", "--help"])


def ours(options, name, weights_option):
    command = [
        *shlex.split(options.vesalius), "bench", "--model", options.model,
        "--backend", options.backend, "--threads", str(options.threads),
        "--prompt-tokens", str(options.prompt), "--decode-tokens", str(options.decode),
        "--image-size", options.image_size, "--format", "json"]
    if options.context:
        command += ["--context", str(options.context)]
    if weights_option:
        command += ["--weights", name]
    result = json.loads(output(command))
    run = {
        "prefill_tokens_per_s": result["prefill"]["tokens_per_s"],
        "decode_tokens_per_s": result["decode"]["tokens_per_s"],
        "decode_p50_ms": result["decode"]["p50_ms"],
        "decode_p99_ms": result["decode"]["p99_ms"],
        "prefill_share_of_matrix_rate": result["prefill"]["share_of_matrix_rate"],
        "decode_share_of_read_bandwidth": result["decode"]["share_of_read_bandwidth"],
        "read_gb_per_s": result["machine"]["read_bytes_per_s"] / 1e9,
        "matrix_gflop_per_s": result["machine"]["matrix_operations_per_s"] / 1e9,
        "backend": result["backend"],
    }
    if result.get("load"):
        run["load_to_first_token_s"] = result["load"]["seconds"]
    if result.get("context"):
        run["context_tokens_per_s"] = result["context"]["tokens_per_s"]
        run["context_share_of_read_bandwidth"] = result["context"]["share_of_read_bandwidth"]
    if result.get("vision"):
        run["vision_s"] = result["vision"]["seconds"]
    return run


def llama(options, name):
    command = [
        *shlex.split(options.llama_bench), "-m", options.files[name], "-t", str(options.threads),
        "-p", str(options.prompt), "-n", str(options.decode), "-r", "1", "-o", "json"]
    run = {}
    for test in json.loads(output(command)):
        run["llama_cpp"] = "build %s, %s" % (test["build_number"], test["model_type"])
        kind = "prefill" if test["n_prompt"] else "decode"
        run[kind + "_tokens_per_s"] = test["avg_ts"]
    if options.context:
        command = [
            *shlex.split(options.llama_bench), "-m", options.files[name], "-t", str(options.threads),
            "-p", "0", "-n", str(options.decode), "-d", str(options.context), "-r", "1", "-o", "json"]
        run["context_tokens_per_s"] = json.loads(output(command))[0]["avg_ts"]
    return run


def llama_vision(options, name):
    """Milliseconds that llama-mtmd-cli says it took for a picture, added up over its slices."""
    command = [
        *shlex.split(options.llama_mtmd), "-m", options.files[name], "--mmproj", options.mmproj,
        "--image", options.image, "-p", "Describe", "-n", "1", "-t", str(options.threads),
        "--temp", "0", "--chat-template", "chatml"]
    times = [
        float(line.rsplit(" in ", 1)[1].split(" ms")[0])
        for line in output(command, both=True).splitlines()
        if "encoded in" in line and line.rstrip().endswith("ms")]
    if not times:
        sys.exit("llama-mtmd-cli said no \"encoded in ... ms\"")
    return {"vision_s": sum(times) / 1e3}


def median(runs, key):
    values = [run[key] for run in runs if key in run]
    return statistics.median(values) if values else None


ROWS = [
    # title, key, whether more is better
    ("prefill, tokens/s", "prefill_tokens_per_s", True),
    ("decode, tokens/s", "decode_tokens_per_s", True),
    ("decode after context, tokens/s", "context_tokens_per_s", True),
    ("vision, s", "vision_s", False),
    ("load to first token, s", "load_to_first_token_s", False),
]
SHARES = {
    "prefill_tokens_per_s": ("prefill_share_of_matrix_rate", "of matrix rate"),
    "decode_tokens_per_s": ("decode_share_of_read_bandwidth", "of read bandwidth"),
    "context_tokens_per_s": ("context_share_of_read_bandwidth", "of read bandwidth"),
}


def table(options, results):
    lines = ["| weights | work | Vesalius | of the limit | llama.cpp | ratio |", "|---|---|---|---|---|---|"]
    for name in options.formats:
        mine, theirs = results[name]["vesalius"], results[name]["llama.cpp"]
        for title, key, more in ROWS:
            us, them = median(mine, key), median(theirs, key)
            if us is None:
                continue
            share = ""
            if key in SHARES:
                share = "%.0f %% %s" % (100 * median(mine, SHARES[key][0]), SHARES[key][1])
            ratio = "" if them is None else "%.2f" % (us / them if more else them / us)
            peer = "" if them is None else "%.2f (%s)" % (them, PEERS[name])
            lines.append("| %s | %s | %.2f | %s | %s | %s |" % (name, title, us, share, peer, ratio))
    return "\n".join(lines)


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def main():
    options = arguments()
    weights_option = knows_weights(options)
    if not weights_option and options.formats != ["bf16"]:
        sys.exit("%s bench: no option --weights, so only --formats bf16" % options.vesalius)
    results = {name: {"vesalius": [], "llama.cpp": []} for name in options.formats}
    for number in range(options.rounds):
        for name in options.formats:
            print("round %d of %d, %s" % (number + 1, options.rounds, name), file=sys.stderr)
            turns = [("vesalius", lambda: ours(options, name, weights_option))]
            if name in options.files:
                turns.append(("llama.cpp", lambda: llama(options, name)))
                if options.llama_mtmd:
                    turns.append(("llama.cpp", lambda: llama_vision(options, name)))
            # Who begins changes, so that a machine that slows down does not favour one.
            for engine, turn in turns if number % 2 == 0 else reversed(turns):
                results[name][engine].append(turn())
    print(table(options, results))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps({
            "date": datetime.date.today().isoformat(),
            "processor": processor(),
            "threads": options.threads,
            "prompt_tokens": options.prompt,
            "decode_tokens": options.decode,
            "context_tokens": options.context,
            "image_size": options.image_size,
            "rounds": options.rounds,
            "order": "in turns, the first changing from round to round",
            "results": results,
        }, indent=2) + "\n")


if __name__ == "__main__":
    main()
