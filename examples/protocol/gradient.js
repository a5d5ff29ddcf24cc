// A program that refnet can ask for gradients: logistic_neuron and mlp_mse, by hand, in JavaScript.
//
//     refnet validate --process "node examples/protocol/gradient.js" --against mlp_mse
//
// One line of JSON comes in on stdin, one goes out on stdout; every message is answered.
const readline = require("node:readline");

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const sum = (values) => values.reduce((total, value) => total + value, 0);
const transposed = (a) => a[0].map((_, j) => a.map((row) => row[j]));
const product = (a, b) => {
  const columns = transposed(b);
  return a.map((row) => columns.map((column) => sum(row.map((value, k) => value * column[k]))));
};
const zip = (a, b, f) => a.map((row, i) => row.map((value, j) => f(value, b[i][j])));

// L = -mean (y log a + (1 - y) log(1 - a)), a = sigmoid(w x + b):  dL/dz = (a - y) / n
function logisticNeuron({ params: { w, b }, x, y }) {
  const dz = x.map((value, k) => {
    const z = w * value + b;
    return ((1 - y[k]) * sigmoid(z) - y[k] * sigmoid(-z)) / x.length; // a - y would cancel
  });
  return { params: { w: sum(dz.map((d, k) => d * x[k])), b: sum(dz) }, x: dz.map((d) => d * w) };
}

// L = mean (z_D - t)^2, z_l = a_{l-1} w_l + b_l, a_l = tanh(z_l)
function mlpMse({ params, x, t }) {
  const inputs = [x]; // a_0, a_1, ...
  const zs = [];
  params.forEach(({ w, b }, l) => {
    zs.push(product(inputs[l], w).map((row) => row.map((value, j) => value + b[j])));
    inputs.push(zs[l].map((row) => row.map(Math.tanh)));
  });
  const entries = t.length * t[0].length;
  let delta = zip(zs[zs.length - 1], t, (p, target) => (2 * (p - target)) / entries);
  const layers = [];
  for (let l = params.length - 1; l >= 0; l--) {
    layers.unshift({ w: product(transposed(inputs[l]), delta), b: transposed(delta).map(sum) });
    delta = product(delta, transposed(params[l].w));
    // 1 - a^2 is 0 once a is rounded to 1; 1 / cosh(z)^2 keeps its digits
    if (l > 0) delta = zip(delta, zs[l - 1], (d, z) => d / Math.cosh(z) / Math.cosh(z));
  }
  return { params: layers, x: delta };
}

const MODULES = { logistic_neuron: logisticNeuron, mlp_mse: mlpMse };

function answer(message) {
  switch (message.kind) {
    case "start":
      return { tool: "javascript" };
    case "define":
      return { success: message.module in MODULES };
    case "evaluate":
      return { success: true, output: MODULES[message.module](message.input) };
    default:
      return {};
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id: message.id, ...answer(message) }) + "\n");
});
