"""Runs a SavedModel by TensorFlow's C library, without TensorFlow's Python.

The loader and the session are those of TensorFlow Serving.

    python c_library.py LIBRARY_DIR VERSION_DIR INPUTS.npz OUTPUTS.npz CALLS

CALLS is a JSON list of the tensors that each call asks for. The arrays in both
files are named `<number of the call>|<name of the tensor>`.
"""

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.float32),
    3: np.dtype(np.int32),
    9: np.dtype(np.int64),
    10: np.dtype(np.bool_),
}
NUMBERS = {dtype: number for number, dtype in DTYPES.items()}
STRING = 7
SIZE_OF_STRING = 24


class Output(ctypes.Structure):
    """`TF_Output`, one of the tensors that an operation gives."""

    _fields_ = (
        ("operation", ctypes.c_void_p),
        ("index", ctypes.c_int),
    )


def open_library(folder: Path) -> ctypes.CDLL:
    # The one needs the other.
    for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2"):
        library = ctypes.CDLL(str(folder / name), ctypes.RTLD_GLOBAL)
    for name in (
        "TF_NewStatus",
        "TF_NewGraph",
        "TF_NewSessionOptions",
        "TF_LoadSessionFromSavedModel",
        "TF_GraphOperationByName",
        "TF_AllocateTensor",
        "TF_TensorData",
        "TF_StringGetDataPointer",
    ):
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("TF_Dim", "TF_TensorByteSize", "TF_StringGetSize"):
        getattr(library, name).restype = ctypes.c_int64
    library.TF_Message.restype = ctypes.c_char_p
    return library


class Session:
    """A SavedModel, loaded."""

    def __init__(self, library: ctypes.CDLL, version_dir: str) -> None:
        self.library = library
        self.status = ctypes.c_void_p(library.TF_NewStatus())
        self.graph = ctypes.c_void_p(library.TF_NewGraph())
        self.session = ctypes.c_void_p(
            library.TF_LoadSessionFromSavedModel(
                ctypes.c_void_p(library.TF_NewSessionOptions()),
                None,
                version_dir.encode(),
                (ctypes.c_char_p * 1)(b"serve"),
                1,
                self.graph,
                None,
                self.status,
            )
        )
        self.check()

    def check(self) -> None:
        if self.library.TF_GetCode(self.status):
            sys.exit(self.library.TF_Message(self.status).decode())

    def find(self, tensor: str) -> Output:
        name, _, index = tensor.partition(":")
        operation = self.library.TF_GraphOperationByName(
            self.graph, name.encode()
        )
        return Output(operation, int(index))

    def run(
        self, inputs: dict[str, np.ndarray], names: list[str]
    ) -> dict[str, np.ndarray]:
        values = [self.to_tensor(array) for array in inputs.values()]
        results = (ctypes.c_void_p * len(names))()
        self.library.TF_SessionRun(
            self.session,
            None,
            (Output * len(inputs))(*map(self.find, inputs)),
            (ctypes.c_void_p * len(inputs))(*values),
            len(inputs),
            (Output * len(names))(*map(self.find, names)),
            results,
            len(names),
            None,
            0,
            None,
            self.status,
        )
        self.check()
        return {
            name: self.to_array(ctypes.c_void_p(result))
            for name, result in zip(names, results, strict=True)
        }

    def to_tensor(self, array: np.ndarray) -> Any:
        array = np.ascontiguousarray(array)
        if array.dtype.kind == "S":
            return self._to_strings(array)
        tensor = self.library.TF_AllocateTensor(
            NUMBERS[array.dtype],
            (ctypes.c_int64 * array.ndim)(*array.shape),
            array.ndim,
            ctypes.c_size_t(array.nbytes),
        )
        data = self.library.TF_TensorData(ctypes.c_void_p(tensor))
        ctypes.memmove(data, array.tobytes(), array.nbytes)
        return tensor

    def _to_strings(self, array: np.ndarray) -> Any:
        library = self.library
        tensor = library.TF_AllocateTensor(
            STRING,
            (ctypes.c_int64 * array.ndim)(*array.shape),
            array.ndim,
            ctypes.c_size_t(SIZE_OF_STRING * array.size),
        )
        data = library.TF_TensorData(ctypes.c_void_p(tensor))
        for row, content in enumerate(array.tolist()):
            address = ctypes.c_void_p(data + SIZE_OF_STRING * row)
            library.TF_StringInit(address)
            library.TF_StringCopy(
                address, content, ctypes.c_size_t(len(content))
            )
        return tensor

    def to_array(self, tensor: ctypes.c_void_p) -> np.ndarray:
        library = self.library
        rank = library.TF_NumDims(tensor)
        shape = [library.TF_Dim(tensor, axis) for axis in range(rank)]
        data = library.TF_TensorData(tensor)
        number = library.TF_TensorType(tensor)
        if number != STRING:
            size = library.TF_TensorByteSize(tensor)
            content = ctypes.string_at(data, size)
            return np.frombuffer(content, DTYPES[number]).reshape(shape)
        addresses = [
            ctypes.c_void_p(data + SIZE_OF_STRING * row)
            for row in range(shape[0])
        ]
        return np.array(
            [
                ctypes.string_at(
                    library.TF_StringGetDataPointer(address),
                    library.TF_StringGetSize(address),
                )
                for address in addresses
            ]
        )


def main() -> None:
    library_dir, version_dir, inputs_path, outputs_path, calls = sys.argv[1:]
    session = Session(open_library(Path(library_dir)), version_dir)
    answers: dict[str, Any] = {}
    with np.load(inputs_path) as arrays:
        for number, names in enumerate(json.loads(calls)):
            inputs = {
                key.partition("|")[2]: arrays[key]
                for key in arrays.files
                if key.startswith(f"{number}|")
            }
            for name, array in session.run(inputs, names).items():
                answers[f"{number}|{name}"] = array
    np.savez(outputs_path, **answers)
    loaded = {"tensorflow", "keras"} & set(sys.modules)
    if loaded:
        sys.exit(f"This should run without {loaded}.")


if __name__ == "__main__":
    main()
