"""Turns a model, or adapters with the model below them, into GGUF files for llama.cpp, and puts them on the Hub.

    uv run convert_to_gguf.py --model alice/digits-sft --repo alice/digits-sft-gguf --types Q8_0 Q4_K_M

`--model` is a name of the Hub or a folder. Without `--repo` the files stay in `--output`. A repository that is not there
is made, private. F32, F16, BF16 and Q8_0 need nothing but Python and git; other types are made by llama.cpp's own program,
which is built here with CMake.
"""
# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "gguf==0.19.0",
#     "huggingface-hub==2.4.0",
#     "peft==0.21.2",
#     "protobuf==7.36.2",
#     "sentencepiece==0.2.3",
#     "torch>=2.8",
#     "transformers==5.24.0",
# ]
# ///

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = "https://github.com/ggml-org/llama.cpp"
# What the converter writes by itself.
DIRECT = {"F32": "f32", "F16": "f16", "BF16": "bf16", "Q8_0": "q8_0"}


def main():
    asked = options()
    output = Path(asked.output).resolve()
    output.mkdir(parents=True, exist_ok=True)
    work = output / ".work"
    work.mkdir(exist_ok=True)
    folder, base = found(asked.model)
    if (folder / "adapter_config.json").is_file():
        folder = merged(folder, base, work / "merged")
    tools = Path(asked.llama_cpp).resolve() if asked.llama_cpp else fetched(work / "llama.cpp")
    name = asked.name or asked.model.rstrip("/").rsplit("/", 1)[-1]
    files = converted(folder, tools, output, work, name, [kind.upper() for kind in asked.types])
    if asked.repo:
        published(asked, output, files, base or (asked.model if not Path(asked.model).is_dir() else None))
    shutil.rmtree(work)
    print(json.dumps({"files": {file.name: file.stat().st_size for file in files}, "repository": asked.repo}))


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a name of the Hub, or a folder")
    parser.add_argument("--types", nargs="+", default=["Q8_0", "Q4_K_M"], help="types of the files, as F16, Q8_0, Q5_K_M, Q4_K_M")
    parser.add_argument("--output", default="gguf", help="folder for the files")
    parser.add_argument("--name", help="how the files begin; the model's name when absent")
    parser.add_argument("--repo", help="repository of the Hub for the files, as OWNER/NAME")
    parser.add_argument("--public", action="store_true", help="make a repository that is not there for everybody to see")
    parser.add_argument("--llama-cpp", help="a checkout of llama.cpp; the newest is fetched when absent")
    return parser.parse_args()


def found(model):
    """The folder of the model, and the name of the one below its adapters."""
    if Path(model).is_dir():
        folder = Path(model)
    else:
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(model, ignore_patterns=["*.gguf", "checkpoint-*/*", "paceline/*"]))
    adapters = folder / "adapter_config.json"
    base = json.loads(adapters.read_text())["base_model_name_or_path"] if adapters.is_file() else None
    if base is None and not (folder / "config.json").is_file():
        sys.exit(f"`{model}` has no `config.json`: it is no model of transformers")
    return folder, base


def merged(folder, base, target):
    """The model with its adapters worked into it, as a folder."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    print(f"merging the adapters into {base}", flush=True)
    model = AutoPeftModelForCausalLM.from_pretrained(folder, dtype="auto")
    model.merge_and_unload().save_pretrained(target)
    has_tokenizer = any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json"))
    AutoTokenizer.from_pretrained(folder if has_tokenizer else base).save_pretrained(target)
    return target


def fetched(target):
    """A checkout of llama.cpp."""
    if shutil.which("git") is None:
        sys.exit("`git` is needed to fetch llama.cpp; install it, or name a checkout with --llama-cpp")
    if not (target / ".git").is_dir():
        run(["git", "clone", "--depth", "1", SOURCE, target])
    return target


def converted(folder, tools, output, work, name, kinds):
    """The files of the types that are asked for; what came from a float file is made of the best one there is."""
    script = tools / "convert_hf_to_gguf.py"
    if not script.is_file():
        sys.exit(f"`{tools}` is no checkout of llama.cpp: `{script.name}` is not in it")
    files = []
    for kind in kinds:
        file = output / f"{name}-{kind}.gguf"
        if kind in DIRECT:
            run([sys.executable, script, folder, "--outfile", file, "--outtype", DIRECT[kind]])
        else:
            whole = work / "whole.gguf"
            if not whole.is_file():
                run([sys.executable, script, folder, "--outfile", whole, "--outtype", "f16"])
            run([quantizer(tools), whole, file, kind])
        files.append(file)
    return files


def quantizer(tools):
    """llama.cpp's program for the smaller types, built where it is not there."""
    place = tools / "build" / "bin" / "llama-quantize"
    if place.is_file():
        return place
    if shutil.which("cmake") is None:
        sys.exit("`cmake` and a C++ compiler are needed for this type (Debian: `apt-get install -y cmake g++`); F16 and Q8_0 need neither")
    run(["cmake", "-S", tools, "-B", tools / "build", "-DGGML_CUDA=OFF", "-DLLAMA_CURL=OFF", "-DCMAKE_BUILD_TYPE=Release"])
    run(["cmake", "--build", tools / "build", "--target", "llama-quantize", "-j", str(os.cpu_count() or 1)])
    return place


def published(asked, output, files, base):
    """The files on the Hub, by one commit, with a card where there is none."""
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi()
    repository = api.create_repo(asked.repo, private=not asked.public, exist_ok=True).repo_id
    operations = [CommitOperationAdd(file.name, str(file)) for file in files]
    if not api.file_exists(repository, "README.md"):
        card = output / "README.md"
        head = ["---", *([f"base_model: {json.dumps(base)}", "base_model_relation: quantized"] if base else []), "tags:", "- gguf", "---"]
        lines = [f"# {repository.rsplit('/', 1)[-1]}", "", f"GGUF files of `{asked.model}`:", ""]
        lines += [f"- `{file.name}`, {file.stat().st_size / 1e9:.2f} GB" for file in files]
        lines += ["", "```sh", f"llama-cli -hf {repository}", "```", ""]
        card.write_text("\n".join([*head, *lines]))
        operations.append(CommitOperationAdd("README.md", str(card)))
    made = api.create_commit(repository, operations, commit_message=f"GGUF files of {asked.model}")
    print(f"published: {made.commit_url}", flush=True)


def run(command):
    """Runs a program, which must succeed."""
    command = [str(part) for part in command]
    print("$", " ".join(command), flush=True)
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        sys.exit(f"`{Path(command[0]).name}` ended with {done.returncode}; its own words stand above")


if __name__ == "__main__":
    main()
