"""Train one network by three descents on real data: only the batch differs."""

import jax

import refnet as rn

split = rn.breast_cancer()
layers = rn.init_mlp(jax.random.key(1), (30, 16, 1))
update = rn.gradient_descent(0.05)


def accuracy(logit, label):
    return ((logit > 0.0) == (label > 0.5)).mean()


for name, batch in (("full batch", None), ("mini-batch", 32), ("stochastic", 1)):
    run = rn.train(
        rn.mlp,
        rn.binary_cross_entropy_with_logits,
        update,
        layers,
        split.train,
        key=jax.random.key(2),
        batch=batch,
        epochs=10,
        validation=split.validation,
    )
    seen = float(accuracy(rn.mlp(run.params, split.validation.x), split.validation.y))
    loss = float(run.history.validation_loss[-1])
    print(f"{name}: {len(run.history.loss)} steps, loss {loss:.4f}, accuracy {seen:.3f}")
