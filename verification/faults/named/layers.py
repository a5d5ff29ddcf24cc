"""Mistakes of common layers: class, and where people meet them."""

from .named import Named

NAMED: dict[str, Named] = {
    "statistics taken as constant": Named(
        "missing term",
        "dx = r dh: evaluation's formula in training.",
    ),
    "mean taken as constant": Named(
        "missing term",
        "The middle term of the norm's gradient is missing.",
    ),
    "variance's term added": Named("sign", "The variance's term with the wrong sign."),
    "input for the normalised": Named(
        "wrong variable",
        "c where h = c r belongs: the wrong saved tensor.",
    ),
    "not divided by the deviation": Named(
        "missing term",
        "The factor r in front of the norm's gradient is lost.",
    ),
    "sum for a mean": Named(
        "wrong reduction",
        "A reduction over the features that sums where it should average.",
    ),
    "eps forgotten": Named("epsilon placement", "The backward pass divides by the bare deviation."),
    "unbiased variance": Named(
        "factor",
        "n - 1 for n in the backward pass: two conventions of the variance.",
    ),
    "gain forgotten": Named(
        "missing term",
        "dh = dy: right while the gain is one, as at the start of training.",
    ),
    "gain's gradient from the input": Named(
        "wrong variable",
        "dg = sum of x dy: the input for the normalised one.",
    ),
    "gain and bias averaged": Named(
        "wrong reduction",
        "Parameters' gradients as means over the batch.",
    ),
    "gain and bias swapped": Named(
        "wrong variable",
        "Two results of one shape returned in the wrong order.",
    ),
    "means over the other axis": Named(
        "wrong index, axis or stride",
        "Layer norm's axes in batch norm, or the reverse.",
    ),
    "running statistics": Named(
        "stale or contaminated state",
        "Statistics of earlier batches in the backward pass of this one.",
    ),
    "mean subtracted too": Named("wrong formula", "Layer norm's backward pass under an RMS norm."),
    "not weighted by p": Named(
        "missing term",
        "dz = dp - sum p dp: the factor p in front is lost.",
    ),
    "plain mean": Named("wrong reduction", "The plain mean where one weighted by p belongs."),
    "sum over the batch": Named(
        "wrong index, axis or stride",
        "axis=0 for axis=-1 in a softmax's backward pass.",
    ),
    "sum added": Named("sign", "The second term with a plus."),
    "lengths taken as constant": Named("missing term", "A normalisation detached from the graph."),
    "own direction": Named("wrong variable", "a / |a| where b / |b| belongs."),
    "both gradients swapped": Named(
        "wrong variable",
        "Two gradients of one shape returned in the wrong order.",
    ),
    "softmax left out": Named("missing term", "ds = p dp: the sum over the row is left out."),
    "mask forgotten": Named(
        "kink, branch or saturation",
        "The backward pass sees what the forward has masked.",
    ),
    "scale forgotten": Named("factor", "1 / sqrt d in the forward alone."),
    "scale twice": Named("factor", "1 / sqrt d applied to the scores' gradient and to q again."),
    "scale of the values' width": Named(
        "wrong variable",
        "sqrt of the wrong width; equal in most models, not in all.",
    ),
    "mask off by one": Named("off by one", "< for <= in the backward pass's causal mask."),
    "scores for probabilities": Named(
        "wrong variable",
        "dv = s' do: the tensor before the softmax saved for the one after.",
    ),
    "keys taken as constant": Named("missing term", "A key-value cache that is detached."),
    "uses overwritten": Named(
        "overwritten instead of accumulated",
        "x feeds queries, keys and values; the last assignment wins.",
    ),
    "keys and values swapped": Named(
        "wrong variable",
        "A fused projection unpacked in the wrong order.",
    ),
    "heads cut the other way": Named(
        "wrong index, axis or stride",
        "(d, heads) for (heads, d) in a reshape.",
    ),
    "state's path missing": Named(
        "missing term",
        "Nothing goes back from one step to the one before: a detached state.",
    ),
    "state after for state before": Named(
        "off by one",
        "h_t where h_{t-1} belongs in the gradient of the recurrent weights.",
    ),
    "steps overwritten": Named(
        "overwritten instead of accumulated",
        "Only one step's gradient of the shared weights is kept.",
    ),
    "truncated after one step": Named(
        "missing term",
        "Backpropagation through time cut off at a chunk's end.",
    ),
    "time runs backwards": Named(
        "wrong index, axis or stride",
        "Rows collected in the backward order and not turned round.",
    ),
    "weights not transposed": Named("transpose", "dz w for dz w': the recurrent matrix is square."),
    "cell's path missing": Named("missing term", "dc not carried to the step before."),
    "cell after for cell before": Named(
        "off by one",
        "c_t where c_{t-1} belongs in the forget gate's gradient.",
    ),
    "slope of the cell's tanh missing": Named(
        "missing term",
        "dc += dh s(o), without 1 - tanh(c)^2.",
    ),
    "gates swapped": Named("wrong variable", "i, f, g, o in one library, i, f, o, g in another."),
    "sigmoid's slope for the tanh gate": Named(
        "wrong formula",
        "All four gates pulled back alike.",
    ),
    "cell through the input gate": Named("wrong variable", "dc s(i) for dc s(f)."),
    "repeated rows overwritten": Named(
        "overwritten instead of accumulated",
        "table[i] = dy for table[i] += dy: NumPy's `+=` with an index array does it too.",
    ),
    "padding row zeroed": Named(
        "wrong index, axis or stride",
        "A padding index that the forward does not have.",
    ),
    "indices counted from one": Named("off by one", "Tokens numbered from one."),
    "kernel flipped": Named(
        "wrong index, axis or stride",
        "A convolution for a correlation in the kernel's gradient.",
    ),
    "kernel flipped on the way down": Named(
        "wrong index, axis or stride",
        "The kernel turned once too often, or not at all.",
    ),
    "padding forgotten": Named(
        "wrong index, axis or stride",
        "The padding not cut off on the right side.",
    ),
    "stride forgotten": Named(
        "wrong index, axis or stride",
        "The kernel's gradient read at neighbouring places; right for stride 1.",
    ),
    "kernel's axes swapped": Named(
        "transpose",
        "Height and width confused; right for symmetric kernels.",
    ),
    "channels reversed": Named("wrong index, axis or stride", "RGB for BGR on the way down."),
    "windows overwritten": Named(
        "overwritten instead of accumulated",
        "An entry that wins in two windows; right where stride = window.",
    ),
    "average for maximum": Named("wrong formula", "Average pooling's backward pass."),
    "always the first": Named(
        "wrong index, axis or stride",
        "The position of the maximum not saved.",
    ),
    "stride taken to be the window": Named(
        "wrong index, axis or stride",
        "Windows taken to be side by side.",
    ),
    "not rescaled": Named("factor", "1 / keep in the forward alone."),
    "another mask": Named(
        "stale or contaminated state",
        "The mask drawn anew in the backward pass.",
    ),
    "rate for its complement": Named(
        "wrong variable",
        "Divided by the rate and not by what is kept.",
    ),
    "mask inverted": Named(
        "kink, branch or saturation",
        "The mask says what is dropped, and is read as what is kept.",
    ),
    "short way missing": Named(
        "missing term",
        "dx has the long way alone: a residual connection forgotten.",
    ),
    "long way missing": Named("missing term", "dx = dy: the block taken as constant."),
    "short way twice": Named(
        "overwritten instead of accumulated",
        "The residual added by the block and by its caller.",
    ),
    "decoder's use missing": Named(
        "overwritten instead of accumulated",
        "A tied weight keeps the gradient of one use.",
    ),
    "encoder's use missing": Named(
        "overwritten instead of accumulated",
        "A tied weight keeps the gradient of the other use.",
    ),
    "uses averaged": Named(
        "factor",
        "The gradients of shared parameters averaged as if they were replicas.",
    ),
    "not clipped": Named(
        "kink, branch or saturation",
        "Squared error's gradient under a Huber loss.",
    ),
    "sign only": Named("kink, branch or saturation", "The absolute error's gradient everywhere."),
    "delta forgotten": Named(
        "factor",
        "sign e for delta sign e: right for delta = 1, the default.",
    ),
    "target's sign": Named("sign", "dt = dp."),
    "no half": Named("factor", "e^2 for e^2 / 2: twice the gradient."),
    "halves swapped": Named(
        "wrong variable",
        "What is gated and what gates it, the other way round than in the forward pass.",
    ),
    "smoothing forgotten": Named(
        "missing term",
        "p - onehot: the plain cross-entropy's gradient under smoothed labels.",
    ),
    "weight taken as constant": Named(
        "missing term",
        "A focal weight that depends on the prediction, and is not differentiated.",
    ),
    "divided by the count": Named(
        "wrong reduction",
        "A masked sum over the number of examples, those behind the mask among them.",
    ),
    "temperature forgotten": Named("factor", "1 / temperature in the forward alone."),
    "equal labels merged": Named(
        "kink, branch or saturation",
        "Alignments that go from a label to the same label with no blank between them.",
    ),
    "last blank forgotten": Named("missing term", "Only alignments that end in a label."),
    "margin not looked at": Named(
        "kink, branch or saturation",
        "Examples beyond the margin pull too.",
    ),
    "margin of 0": Named(
        "kink, branch or saturation",
        "The perceptron's condition under a hinge loss.",
    ),
    "squared hinge": Named("wrong formula", "The squared hinge's gradient."),
    "sign of the label": Named("sign", "t for -t."),
    "largest only": Named(
        "kink, branch or saturation",
        "A hard maximum's gradient under a soft one.",
    ),
    "not normalised": Named("missing term", "e^z without the division by the sum."),
    "shares twice": Named("factor", "p multiplied in twice."),
    "delta through updated weights": Named(
        "order of operations",
        "Weights updated layer by layer while the delta still needs the old ones.",
    ),
    "bias from the weights": Named("wrong variable", "db read from a row of dw."),
    "kept state's path missing": Named(
        "missing term",
        "The state's gradient through the gates alone, without what the update gate keeps.",
    ),
    "product reset for the state": Named(
        "wrong formula",
        "The reset gate after the product, as in cuDNN, under a forward that resets the state.",
    ),
    "training's formula in evaluation": Named(
        "wrong formula",
        "Two terms of the batch's statistics where those of training are constants.",
    ),
    "mean and variance swapped": Named(
        "wrong variable",
        "Two statistics of one shape returned in the wrong order.",
    ),
    "groups exchanged": Named(
        "wrong index, axis or stride",
        "Channels or heads dealt to groups in another order than in the forward pass.",
    ),
    "turned the same way again": Named("sign", "A rotation by a where one by -a belongs."),
    "neighbours turned": Named(
        "wrong index, axis or stride",
        "Neighbouring columns paired where the forward has paired halves.",
    ),
    "router taken as constant": Named(
        "missing term",
        "The choice of experts detached, and the shares with it.",
    ),
}
