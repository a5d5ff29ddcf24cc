"""Mistakes of one function's own: their class, where people meet them, what explains them."""

from typing import NamedTuple

ANY = ("fault", "slope", "reduction", "edge", "dropped path", "factor", "sign")


class Named(NamedTuple):
    """A mistake that some derivations have a twin of, under this name."""

    kind: str  # one of CLASSES
    description: str
    kinds: tuple[str, ...] = ANY


NAMED: dict[str, Named] = {
    "upstream ignored": Named(
        "upstream ignored",
        "A custom backward that returns its local slope: right while it is the last layer.",
    ),
    "slope of the output": Named(
        "slope from the output",
        "f'(a) for f'(z): the saved activation handed to a slope that wants the input.",
    ),
    "value for slope": Named("wrong formula", "f(z) where f'(z) was meant."),
    "1 for the slope": Named("missing term", "The activation left out of the backward pass."),
    "1 - a for a (1 - a)": Named(
        "missing term",
        "One of the two factors of the logistic slope is lost.",
    ),
    "1 - a for 1 - a^2": Named("wrong formula", "The square forgotten in the slope of tanh."),
    "1 - z^2 for 1 - a^2": Named("wrong variable", "The input where the saved output was meant."),
    "leak of 0": Named(
        "kink, branch or saturation",
        "The leak in the forward only: a copy of ReLU's backward.",
    ),
    "sides swapped": Named("kink, branch or saturation", "The comparison the wrong way round."),
    "s(-z) for s(z)": Named("sign", "The sign of the argument lost in softplus's slope."),
    "density's path missing": Named(
        "missing term",
        "GELU differentiated as z P(z) with P taken as constant.",
    ),
    "slope of the tanh form": Named(
        "wrong formula",
        "The approximation's slope under the exact GELU: two frameworks mixed.",
    ),
    "gate's path missing": Named(
        "missing term",
        "The gate of a gated activation taken as constant.",
    ),
    "3 of the cube missing": Named(
        "factor",
        "The inner derivative of the cubic term in tanh-GELU without its 3.",
    ),
    "slope of s alone": Named("missing term", "The product rule of SiLU with one term."),
    "path through s missing": Named("missing term", "The gate of SiLU taken as constant."),
    "target - prediction": Named(
        "sign",
        "The residual the wrong way round, compensated by += in one's own loop.",
    ),
    "1/n missing": Named("factor", "A mean in the loss, a sum in its gradient."),
    "2 missing": Named("factor", "Half a squared error in the book, a whole one in the code."),
    "y - a": Named("sign", "The residual the wrong way round."),
    "one half only": Named("missing term", "Only the term of label 1 is differentiated."),
    "slope of the sigmoid again": Named(
        "factor",
        "Cross-entropy of logits, multiplied by a (1 - a) as squared error would be.",
    ),
    "diagonal only": Named("missing term", "The softmax's Jacobian taken to be diagonal."),
    "targets taken to sum to 1": Named(
        "wrong formula",
        "p - t, with label smoothing or weights that do not sum to one.",
    ),
    "mean over entries": Named("wrong reduction", "Divided by examples times classes."),
    "labels off by one": Named("off by one", "Classes counted from one, as in MATLAB or R."),
    "bias averaged": Named(
        "wrong reduction",
        "The bias gradient as a mean over the batch, the weights' as a sum.",
    ),
    "slope at the last layer too": Named(
        "wrong formula",
        "An activation's slope applied at an output that has none.",
    ),
    "no history": Named("missing term", "Momentum's past taken as constant."),
    "dampened": Named("factor", "(1 - b) g for g in the accumulator: two conventions mixed."),
    "no look-ahead": Named("missing term", "Nesterov's momentum without its second step."),
    "no bias correction": Named(
        "bias correction",
        "Adam's moments used as they are: too small at first.",
    ),
    "eps inside the root": Named("epsilon placement", "sqrt(v + eps) for sqrt(v) + eps."),
    "variance taken as constant": Named("missing term", "The second moment is not differentiated."),
    "no decay": Named("missing term", "AdamW's decay forgotten, or taken as part of the gradient."),
    "eps outside the root": Named("epsilon placement", "sqrt(v) + eps for sqrt(v + eps)."),
    "start of 0": Named(
        "stale or contaminated state",
        "The accumulator's initial value forgotten.",
    ),
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
}
