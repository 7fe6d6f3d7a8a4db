"""Facts for NiftiOracleTest: small volumes that nibabel wrote, and how nibabel reads them.

python3 nifti.py > ../resources/org/vesalius/clinical/imaging/nifti.json     (Debian's python3-nibabel)
"""
import base64
import gzip
import io
import json
import warnings

import nibabel as nib
import numpy as np
from nibabel.fileholders import FileHolder

warnings.simplefilter("ignore")
rng = np.random.default_rng(20260101)
CASES = []
KINDS = {1: (nib.Nifti1Image, nib.Nifti1Pair), 2: (nib.Nifti2Image, nib.Nifti2Pair)}


def pack(data):
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def values(dtype, shape):
    if np.issubdtype(dtype, np.floating):
        data = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, size=shape)
    else:
        info = np.iinfo(dtype)
        data = rng.integers(info.min, info.max, size=shape, endpoint=True, dtype=dtype)
        data.flat[0], data.flat[-1] = info.min, info.max
    return data.astype(dtype)


def case(name, version, order, dtype, shape=(3, 2, 2), pair=False, change=None, data=None, affine=None):
    data = values(dtype, shape) if data is None else data
    header = KINDS[version][pair].header_class(endianness=order)
    header.set_data_dtype(dtype)
    header.set_data_shape(data.shape)
    header["scl_slope"], header["scl_inter"] = 1, 0
    img = KINDS[version][pair](data, affine, header)
    head, body = io.BytesIO(), io.BytesIO()
    files = {"header": FileHolder(fileobj=head), "image": FileHolder(fileobj=body)} if pair else {
        "image": FileHolder(fileobj=head)}
    # Written by hand, so that the numbers are stored as they are and the header is changed after.
    hdr = img.header.copy() if img.header.endianness == order else img.header.as_byteswapped(order)
    if change:
        change(hdr)
    offset = 0 if pair else (352 if version == 1 else 544)
    hdr["vox_offset"] = offset
    voxels = data.astype(data.dtype.newbyteorder(order)).tobytes(order="F")
    head.write(hdr.binaryblock)
    if not pair:
        head.write(b"\0" * (offset - head.tell()))
        head.write(voxels)
    body.write(voxels)
    read = KINDS[version][pair].from_file_map(files)
    fact = {"name": name, "file": pack(head.getvalue())}
    if pair:
        fact["voxels"] = pack(body.getvalue())
    fact["shape"] = list(read.shape)
    colour = read.get_data_dtype().fields is not None
    if colour:
        fact["bytes"] = np.asarray(read.dataobj).tobytes(order="F").hex()
    else:
        fact["values"] = [float(v) for v in read.get_fdata(dtype=np.float64).flatten(order="F")]
    fact["affine"] = [[float(v) for v in row] for row in read.affine[:3]]
    fact["axes"] = "".join(nib.aff2axcodes(read.affine))
    CASES.append(fact)


for i, t in enumerate((np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32,
                       np.float64)):
    case(f"{t.__name__}, little", 1 + i % 2, "<", t)
    case(f"{t.__name__}, big", 2 - i % 2, ">", t)


def scaled(h):
    h["scl_slope"], h["scl_inter"] = 0.037, -1024.5


def unscaled(h):
    h["scl_slope"], h["scl_inter"] = 0, 7


def quaternion(flip, turn):
    def change(h):
        q = rng.normal(size=4)
        q = q / np.linalg.norm(q) * (1 if q[0] > 0 else -1)
        h["sform_code"], h["qform_code"] = 0, 1
        h["quatern_b"], h["quatern_c"], h["quatern_d"] = q[1:] if turn else (0, 1, 0)
        h["pixdim"][:4] = flip, 0.75, 1.5, 2.25
        h["qoffset_x"], h["qoffset_y"], h["qoffset_z"] = 10.5, -20.25, 30
    return change


def shear(h):
    h["sform_code"] = 2
    h["srow_x"], h["srow_y"], h["srow_z"] = (-0.9, 0.1, 0.2, 12), (0.05, 1.1, -0.3, -7), (0, 0.25, 2, 40)


case("slope and intercept", 1, "<", np.int16, change=scaled)
case("slope and intercept of NIfTI-2", 2, ">", np.uint16, change=scaled)
case("slope 0 is none", 1, "<", np.int16, change=unscaled)
case("qform", 1, "<", np.uint8, change=quaternion(1, True))
case("qform, left-handed", 1, ">", np.uint8, change=quaternion(-1, True))
case("qform of NIfTI-2", 2, "<", np.uint8, change=quaternion(-1, True))
case("half a turn", 1, "<", np.uint8, change=quaternion(1, False))
case("sform with shear", 1, "<", np.uint8, change=shear)
case("sform of NIfTI-2", 2, "<", np.uint8, change=shear)
case("no orientation", 1, "<", np.uint8, shape=(4, 3, 3), change=lambda h: h["pixdim"].__setitem__(slice(1, 4), (2, 3, 4)))
case("pair", 1, "<", np.int16, pair=True, change=shear)
case("pair of NIfTI-2", 2, ">", np.float32, pair=True, change=shear)
case("four dimensions", 1, "<", np.int16, shape=(3, 2, 2, 3), change=shear)
case("two dimensions", 1, "<", np.int16, shape=(4, 3))
case("colours", 1, "<", np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]), change=shear,
     data=rng.integers(0, 256, size=(3, 2, 2, 3), dtype=np.uint8).view(np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))[..., 0])
print(json.dumps({"oracle": f"nibabel {nib.__version__}", "cases": CASES}).replace("}, {\"name\"", "},\n{\"name\""))
