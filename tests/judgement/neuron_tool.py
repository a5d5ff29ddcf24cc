"""A program that answers the gradient of a logistic neuron, with the mistake named in argv[1]."""

import json
import math
import struct
import sys


def sigmoid(z):
    e = math.exp(-abs(z))
    return 1 / (1 + e) if z >= 0 else e / (1 + e)


def gradient(params, x, y, mistake):
    w, b, n = params["w"], params["b"], len(x)
    zs = [w * xk + b for xk in x]
    dz = [((1 - yk) * sigmoid(z) - yk * sigmoid(-z)) / n for z, yk in zip(zs, y, strict=True)]
    if mistake == "sum for mean":
        dz = [n * d for d in dz]
    if mistake == "sign":
        dz = [-d for d in dz]
    if mistake == "slope counted twice":
        dz = [d * sigmoid(z) * sigmoid(-z) for d, z in zip(dz, zs, strict=True)]
    if mistake == "bias left out of z":
        dz = [(sigmoid(w * xk) - yk) / n for xk, yk in zip(x, y, strict=True)]
    if mistake == "last example left out":
        dz[-1] = 0.0
    if mistake == "through float32":
        dz = [struct.unpack("f", struct.pack("f", d))[0] for d in dz]
    db = sum(dz) / (n if mistake == "bias averaged" else 1)
    dw = sum(d * xk for d, xk in zip(dz, x, strict=True))
    dx = [d * w for d in dz]
    if mistake == "weight and bias swapped":
        dw, db = db, dw
    if mistake == "inputs reversed":
        dx = dx[::-1]
    if mistake == "weight forgotten":
        dx = dz
    return {"params": {"w": dw, "b": db}, "x": dx}


MISTAKES = (
    "sum for mean",
    "sign",
    "slope counted twice",
    "bias left out of z",
    "last example left out",
    "through float32",
    "bias averaged",
    "weight and bias swapped",
    "inputs reversed",
    "weight forgotten",
)


def answer(message, mistake):
    match message["kind"]:
        case "start":
            return {"tool": "neuron"}
        case "define":
            return {"success": message["module"] == "logistic_neuron"}
        case "evaluate":
            given = message["input"]
            return {
                "success": True,
                "output": gradient(given["params"], given["x"], given["y"], mistake),
            }
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        said = json.loads(line)
        reply = {"id": said["id"], **answer(said, " ".join(sys.argv[1:]))}
        print(json.dumps(reply), flush=True)
