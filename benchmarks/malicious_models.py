"""Import malicious and damaged model files: none may run code, none may bring the app down.

    python -m benchmarks.malicious_models

For each file: the answer, the import's time and the largest memory of its process. This process
stands for the app: it starts the imports as the app does, and its memory is measured too.
"""

import os
import pickle
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import psutil
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from benchmarks.memory import read_peak_bytes
from digitlab.model_store.imports import start_model_import
from digitlab.model_store.store import get_model, list_models

_INTERVAL_S = 0.01
_SHIPPED = "digitlab_cnn"
_GB = 1_000_000_000


def main() -> None:
    """Import every file and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIGITLAB_MODELS"] = f"{folder}/models"
        os.environ["DIGITLAB_CACHE"] = f"{folder}/cache"
        marker = Path(folder) / "code-was-run"
        own = psutil.Process()
        before = own.memory_info().rss
        for label, name, content in _list_files(marker):
            answer, seconds, peak = _import(name, content)
            ran = "CODE WAS RUN, " if marker.exists() else ""
            print(f"{label}: {len(content) / 1e6:.2f} MB, {seconds:.1f} s, {peak / 1e6:.0f} MB")
            print(f"    {ran}{answer}", flush=True)
        growth = own.memory_info().rss - before
        imported = [model.id for model in list_models() if model.imported is not None]
        print(f"\nthis process has grown by {growth / 1e6:.0f} MB, code was run: {marker.exists()}")
        print(f"imported: {', '.join(imported) or 'none'}")


def _import(name: str, content: bytes) -> tuple[str, float, int]:
    """Returns the answer, seconds, and the largest resident memory of the process in bytes."""
    begin_s, peak = time.perf_counter(), 0
    job = start_model_import(content, name)
    process = job.read_status().pid
    while not (status := job.inspect()).is_final:
        peak = max(peak, read_peak_bytes(process))
        time.sleep(_INTERVAL_S)
    job.discard()
    answer = "imported" if status.state == "done" else status.message
    return answer, time.perf_counter() - begin_s, peak


def _list_files(marker: Path) -> Iterator[tuple[str, str, bytes]]:
    """A label, a file name and the content of each file."""
    shipped = get_model(_SHIPPED)
    keras_file = (shipped.directory / "model.keras").read_bytes()
    tflite = shipped.read_content()
    code = f"import pathlib; pathlib.Path({str(marker)!r}).touch()"
    lambdas = _build_lambdas(code)
    # Keras called the layers while it built the models.
    marker.unlink()
    for suffix, content in lambdas.items():
        yield f"Lambda layer with code in .{suffix}", f"lambda.{suffix}", content
    yield "pickle named .h5", "pickle.h5", _build_pickle(code)
    yield "pickle in .h5", "inside.h5", _build_h5(lambda file: _write_pickle(file, code))
    yield (
        "class of another module in .keras",
        "class.keras",
        _build_keras(
            '{"module": "subprocess", "class_name": "Popen", "config": {"args": "touch x"}}'
        ),
    )
    yield "zip bomb: 1 GB of weights in .keras", "bomb.keras", _build_keras("{}", weights_bytes=_GB)
    yield "zip bomb: 1 GB of layers in .keras", "bomb2.keras", _build_keras(" " * _GB)
    yield ".h5 whose header claims 3 GB", "claims.h5", _build_h5(_claim_3_gb)
    yield ".h5 with a link to another file", "link.h5", _build_h5(_link_to_file)
    yield ".keras whose layers need 40 GB", "wide.keras", _build_wide_keras(keras_file)
    yield "half of a .keras", "half.keras", keras_file[: len(keras_file) // 2]
    whole = _build_h5(_write_large)
    yield "half of an .h5", "half.h5", whole[: len(whole) // 2]
    yield "half of a .tflite", "half.tflite", tflite[: len(tflite) // 2]
    yield ".tflite, root offset out of range", "root.tflite", b"\xff\xff\xff\x7f" + tflite[4:]
    for label, change in _TFLITE_CHANGES.items():
        yield f".tflite, {label}", "changed.tflite", _change_tflite(tflite, change)
    for seed in range(10):
        yield f".tflite, 200 random bytes (seed {seed})", f"r{seed}.tflite", _damage(tflite, seed)


def _build_lambdas(code: str) -> dict[str, bytes]:
    """Models with a Lambda layer, made in another process: this one stands for the app."""
    script = (
        "import keras, sys\n"
        "layer = keras.layers.Lambda(eval(f'lambda x: (exec({sys.argv[2]!r}), x)[1]'))\n"
        "model = keras.Sequential([keras.Input((28, 28, 1)), layer])\n"
        "for suffix in ('keras', 'h5'): model.save(f'{sys.argv[1]}/lambda.{suffix}')\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-c", script, folder, code],
            check=True,
            capture_output=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        return {path.suffix[1:]: path.read_bytes() for path in Path(folder).iterdir()}


def _build_pickle(code: str) -> bytes:
    class Malicious:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return exec, (code,)

    return pickle.dumps(Malicious())


def _build_h5(write: Callable[[h5py.File], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.h5"
        with h5py.File(path, "w") as file:
            write(file)
        return path.read_bytes()


def _write_pickle(file: h5py.File, code: str) -> None:
    file.attrs["model_config"] = np.void(_build_pickle(code))


def _claim_3_gb(file: h5py.File) -> None:
    file.attrs["model_config"] = "{}"
    file.create_dataset("weights", (750_000_000,), np.float32, chunks=(1000,))


def _link_to_file(file: h5py.File) -> None:
    file["weights"] = h5py.ExternalLink("/etc/passwd", "/")


def _write_large(file: h5py.File) -> None:
    file["weights"] = np.zeros(100_000, np.float32)


def _build_keras(config: str, *, weights_bytes: int = 0) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.keras"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", config)
            with archive.open("model.weights.h5", "w") as file:
                for _ in range(weights_bytes // 1_000_000):
                    file.write(bytes(1_000_000))
        return path.read_bytes()


def _build_wide_keras(keras_file: bytes) -> bytes:
    """The shipped model, with a billion units in its last layer but the weights of before."""
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder) / "old", Path(folder) / "new"
        old.write_bytes(keras_file)
        with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name == "config.json":
                    content = content.replace(b'"units": 11', b'"units": 100000000')
                target.writestr(name, content)
        return new.read_bytes()


def _point_outside(model: schema.ModelT) -> None:
    model.subgraphs[0].operators[1].inputs = [2_000_000_000, -7, 3]


def _use_missing_buffer(model: schema.ModelT) -> None:
    model.subgraphs[0].tensors[1].buffer = 4_000_000


def _use_missing_operator(model: schema.ModelT) -> None:
    model.subgraphs[0].operators[1].opcodeIndex = 9_999


def _shorten_weights(model: schema.ModelT) -> None:
    for buffer in model.buffers:
        if buffer.data is not None and len(buffer.data) > 64:
            buffer.data = buffer.data[:8]


def _claim_large_image(model: schema.ModelT) -> None:
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].shape = [1, 30_000, 30_000, 1]


def _claim_large_kernel(model: schema.ModelT) -> None:
    for tensor in model.subgraphs[0].tensors:
        if tensor.shape is not None and len(tensor.shape) == 4 and tensor.buffer:
            tensor.shape = [50_000, 5, 5, 50_000]


def _read_itself(model: schema.ModelT) -> None:
    """An operator whose input is its own output."""
    operator = model.subgraphs[0].operators[1]
    operator.inputs = [operator.outputs[0], *operator.inputs[1:]]


def _add_large_layer(model: schema.ModelT) -> None:
    """A layer that copies the image 400 million times: 1.3 TB."""
    graph = model.subgraphs[0]
    model.buffers.append(schema.BufferT(np.array([1, 20_000, 20_000, 1], "<i4").view(np.uint8)))
    model.operatorCodes.append(schema.OperatorCodeT(69, None, 1, schema.BuiltinOperator.TILE))
    n = len(graph.tensors)
    graph.tensors += [
        schema.TensorT([4], schema.TensorType.INT32, len(model.buffers) - 1, b"multiples"),
        schema.TensorT([1, 560_000, 560_000, 1], schema.TensorType.FLOAT32, 0, b"large"),
    ]
    graph.operators.append(
        schema.OperatorT(len(model.operatorCodes) - 1, [int(graph.inputs[0]), n], [n + 1])
    )


_TFLITE_CHANGES: dict[str, Callable[[schema.ModelT], None]] = {
    "tensors that do not exist": _point_outside,
    "a buffer that does not exist": _use_missing_buffer,
    "an operator that does not exist": _use_missing_operator,
    "weights shorter than their shape": _shorten_weights,
    "an input of 3.6 GB": _claim_large_image,
    "kernels that claim 62 billion weights": _claim_large_kernel,
    "a layer that reads its own output": _read_itself,
    "a layer that needs 1.3 TB": _add_large_layer,
}


def _change_tflite(content: bytes, change: Callable[[schema.ModelT], None]) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    change(model)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _damage(content: bytes, seed: int) -> bytes:
    """Overwrite random places of the file's structure, most of which is near its end or begin."""
    rng = np.random.default_rng(seed)
    damaged = bytearray(content)
    for place in rng.integers(8, 6000, 50):
        struct.pack_into("<I", damaged, int(place), int(rng.integers(2**32)))
    for place in rng.integers(len(content) - 8000, len(content) - 4, 150):
        struct.pack_into("<I", damaged, int(place), int(rng.integers(2**32)))
    return bytes(damaged)


if __name__ == "__main__":
    main()
