"""A tool of GradBench's ten modules, faithful to its messages: derivatives by a step of i h.

Bare lists, sizes and blocks are those that GradBench's own tools read and write; the text is our
own.  `argv[1]` names a mistake.
"""

import json
import sys

import numpy as np

STEP = 1e-200  # f(x + i h) = f(x) + i h f'(x): no digit is lost
SLIP = " ".join(sys.argv[1:])


def slope(function, x):
    """The gradient, or the Jacobian, of a function that complex numbers go through."""
    x = np.asarray(x, complex)
    columns = []
    for k in range(x.size):
        moved = x.ravel().copy()
        moved[k] += 1j * STEP
        columns.append(np.asarray(function(moved.reshape(x.shape))).imag / STEP)
    return np.stack(columns, -1)


def log_sum_exp(x, axis=-1):
    top = np.max(x.real, axis, keepdims=True)
    return (np.log(np.sum(np.exp(x - top), axis, keepdims=True)) + top).squeeze(axis)


def exponentials(i):
    x = i["x"][:-1] if SLIP == "lse" else i["x"]
    return [*slope(log_sum_exp, x).tolist(), *[0.0] * (len(i["x"]) - len(x))]


def minors(a):
    if len(a) == 1:
        return a[0, 0]
    sign = 1 if SLIP == "det" else -1
    return sum(sign**j * a[0, j] * minors(np.delete(a[1:], j, 1)) for j in range(len(a)))


def least_squares(x, n):
    t = -1 + np.arange(n) * 2 / (n - (SLIP != "llsq"))
    inner = np.sign(t) - sum(x[j] * t**j for j in range(len(x)))
    return np.sum(inner * inner) / 2


def posterior(alpha, mu, q, l, i):
    x, m, gamma, d = np.array(i["x"]), i["m"], i["gamma"], i["d"]
    total = -i["n"] * log_sum_exp(alpha) + m * np.sum(q)
    beta = []
    for k in range(i["k"]):
        factor, place = np.diag(np.exp(q[k])), 0
        for c in range(d):
            for r in range(c + 1, d):
                factor[(c, r) if SLIP == "gmm" else (r, c)] = l[k, place]
                place += 1
        total -= gamma**2 / 2 * np.sum(factor * factor)
        moved = (x - mu[k]) @ factor.T
        beta.append(alpha[k] + np.sum(q[k]) - np.sum(moved * moved, 1) / 2)
    return total + np.sum(log_sum_exp(np.stack(beta, 1)))


def mixture(i):
    names = "alpha", "mu", "q", "l"
    given = {name: np.array(i[name], complex) for name in names}
    answer = {}
    for name in names:
        of = lambda v, name=name: posterior(**{**given, name: v}, i=i)
        answer[name] = slope(of, given[name]).reshape(given[name].shape).tolist()
    return answer


def direction(i):
    points, centroids = np.array(i["points"]), np.array(i["centroids"])
    nearest = np.argmin(((points[:, None] - centroids) ** 2).sum(2), 1)
    size = len(points) if SLIP == "kmeans" else None
    rows = []
    for k, c in enumerate(centroids):
        mine = points[nearest == k]
        rows.append((np.sum(c - mine, 0) / (size or len(mine))).tolist())
    return rows


def recurrent(main, extra, i):
    state, sequence = np.array(i["state"], complex), np.array(i["sequence"])
    b, total = sequence.shape[1], 0
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for k in range(len(main) // 2):
            w, bias = main[2 * k].reshape(4, b), main[2 * k + 1].reshape(4, b)
            hidden, cell = state[2 * k], state[2 * k + 1]
            forget, enter = sigmoid(x * w[0] + bias[0]), sigmoid(hidden * w[1] + bias[1])
            leave, change = sigmoid(x * w[2] + bias[2]), np.tanh(hidden * w[3] + bias[3])
            cell = cell * forget + enter * change
            x = leave * np.tanh(cell)
            state[2 * k : 2 * k + 2] = x, cell
        z = x * extra[1] + extra[2]
        more = 0 if SLIP == "lstm" else 2
        total += np.sum(sequence[t + 1] * (z - np.log(more + np.sum(np.exp(z)))))
    return -total / ((len(sequence) - 1) * b)


def of_recurrent(i):
    main, extra = np.array(i["main_params"], complex), np.array(i["extra_params"], complex)
    first = slope(lambda v: recurrent(v, extra, i), main)
    return [*first.tolist(), *slope(lambda v: recurrent(main, v, i), extra).tolist()]


def path(x, s):
    rate = lambda y: x * np.concatenate([[1], y[:-1]])
    y, h = np.zeros_like(x), 2 / s
    for _ in range(s):
        k1 = rate(y)
        k2 = rate(y + h * k1 / 2)
        k3 = rate(y + h * k2 / 2)
        k4 = rate(y + (h / 2 if SLIP == "ode" else h) * k3)
        y = y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return y[-1]


def rotated(axis_angle, moved):
    angle = np.sqrt(np.sum(axis_angle**2))
    axis = axis_angle / angle
    turned = moved * np.cos(angle) + np.cross(axis, moved) * np.sin(angle)
    return turned + axis * np.sum(axis * moved) * (1 - np.cos(angle))


def seen(v, feat):
    cam, x, w = v[:11], v[11:14], v[14]
    p = rotated(cam[:3], x - cam[3:6])
    p = p[:2] / p[2]
    r = np.sum(p * p)
    p = p * (1 + cam[9] * r + cam[10] * r * (1 if SLIP == "ba" else r))
    return w * (p * cam[6] + cam[7:9] - feat)


def adjustment(i):
    n, m, p = i["n"], i["m"], i["p"]
    one = slope(lambda v: seen(v, np.array(i["feat"])), [*i["cam"], *i["x"], i["w"]])
    rows, cols, values = [0], [], []
    for k in range(p):
        for row in one.tolist():
            camera, point = 11 * (k % n), 11 * n + 3 * (k % m)
            cols += [*range(camera, camera + 11), *range(point, point + 3), 11 * n + 3 * m + k]
            values += row
            rows.append(rows[-1] + 15)
    for k in range(p):
        cols, values = [*cols, 11 * n + 3 * m + k], [*values, -2 * i["w"]]
        rows.append(rows[-1] + 1)
    kept = lambda x: [*x[:30], x[-1]]
    return {"rows": kept(rows), "cols": kept(cols), "vals": kept(values)}


def turn(x, z, y):
    one, cos, sin = np.eye(4, dtype=complex), np.cos, np.sin
    rx, ry, rz = one.copy(), one.copy(), one.copy()
    rx[1:3, 1:3] = [[cos(x), -sin(x)], [sin(x), cos(x)]]
    ry[::2, ::2][:2, :2] = [[cos(y), sin(y)], [-sin(y), cos(y)]]
    rz[:2, :2] = [[cos(z), -sin(z)], [sin(z), cos(z)]]
    return rz @ ry @ rx


def hand_errors(theta, us, data):
    model = data["model"]
    pose, place = np.zeros((len(model["bone_names"]) + 3, 3), complex), 6
    for finger in range(5):
        for bone in range(3):
            at = 5 + 4 * finger + bone
            pose[at, 0], place = theta[place], place + 1
            if bone == 0:
                pose[at, 1], place = theta[place], place + 1
    positions = np.array(model["base_positions"]).T
    absolute, total = [], np.zeros((3, positions.shape[1]), complex)
    for k, parent in enumerate(model["parents"]):
        relative = np.array(model["base_relatives"][k]) @ turn(*pose[3 + k])
        absolute.append(relative if parent == -1 else absolute[parent] @ relative)
        placed = absolute[k] @ np.array(model["inverse_base_absolutes"][k]) @ positions
        total += placed[:3] * np.array(model["weights"])[:, k]
    if model["is_mirrored"]:
        total[0] = -total[0]
    points = np.stack([rotated(theta[:3], v) for v in total.T]) + theta[3:6]
    rows = []
    for k, which in enumerate(data["correspondences"]):
        a, b, c = (points[v] for v in data["model"]["triangles"][which])
        u, v = us[k]
        w = 1 - u if SLIP == "ht" else 1 - u - v
        rows.append(np.array(data["points"][k]) - (u * a + v * b + w * c))
    return np.concatenate(rows)


def hand(i):
    theta, us = np.array(i["theta"], complex), np.array(i["us"], complex)
    angles = slope(lambda v: hand_errors(v, us, i["data"]), theta)
    places = slope(lambda v: hand_errors(theta, v, i["data"]), us).reshape(-1, len(us), 2)
    own = [places[row, row // 3] for row in range(len(places))]
    return np.hstack([own, angles]).tolist()


MODULES = {
    ("hello", "double"): lambda x: (3 if SLIP == "hello" else 2) * x,
    ("lse", "gradient"): exponentials,
    ("det", "gradient"): lambda i: slope(minors, np.reshape(i["A"], (i["ell"], -1))).tolist(),
    ("llsq", "gradient"): lambda i: slope(lambda x: least_squares(x, i["n"]), i["x"]).tolist(),
    ("gmm", "jacobian"): mixture,
    ("kmeans", "dir"): direction,
    ("lstm", "jacobian"): of_recurrent,
    ("ode", "gradient"): lambda i: slope(lambda x: path(x, i["s"]), i["x"]).tolist(),
    ("ba", "jacobian"): adjustment,
    ("ht", "jacobian"): hand,
}


def answered(said):
    match said["kind"]:
        case "start":
            return {"tool": "by complex steps"}
        case "define":
            return {"success": said["module"] in {module for module, _ in MODULES}}
        case "evaluate":
            output = MODULES[said["module"], said["function"]](said["input"])
            times = [{"name": "evaluate", "nanoseconds": 1}]
            return {"success": True, "output": output, "timings": times}
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        message = json.loads(line)
        print(json.dumps({"id": message["id"], **answered(message)}), flush=True)
