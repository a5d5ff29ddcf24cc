"""The networks that torch_modules.py judges, as people write them."""

from typing import Any

import torch
from torch import nn


class Checked(nn.Module):
    """It raises at what it was not made for, as most public code does."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(5, 8), nn.Linear(8, 3)

    def forward(self, x):
        if x.ndim != 2 or (x < 0).any():
            raise ValueError("x must be a batch of numbers that are not negative")
        hidden = torch.relu(self.first(torch.log(x)))
        if torch.isnan(hidden).any().item():
            raise ValueError("NaN in the hidden layer")
        return self.last(hidden)


class Dicts(nn.Module):
    """It answers a dict with a tuple in it."""

    def __init__(self):
        super().__init__()
        self.first, self.heads = nn.Linear(5, 8), nn.ModuleList([nn.Linear(8, 3), nn.Linear(8, 1)])

    def forward(self, x):
        hidden = nn.functional.gelu(self.first(x))
        logits, value = (head(hidden) for head in self.heads)
        return {"policy": (logits.log_softmax(-1), logits.argmax(-1)), "value": value[:, 0]}


class Attention(nn.Module):
    """Attention to itself, with the weights as a second output; a mask says what is padding."""

    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x, padding=None):
        return self.attend(x, x, x, key_padding_mask=padding)


class Residual(nn.Module):
    """The basic block of a ResNet; its running statistics are a second output."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        same: Any = {"padding": 1, "bias": False}
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, **same)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, **same)
        self.bn1, self.bn2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.short = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.short(x)
        return self.relu(out)


def twice(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(2, outputs), nn.SiLU()),
        *(nn.Conv2d(outputs, outputs, 3, padding=1), nn.SiLU()),
    )


class UNet(nn.Module):
    """One step down, one up: by a transposed convolution, or by interpolation."""

    def __init__(self, interpolated: bool = False):
        super().__init__()
        self.down, self.deep, self.up = (
            twice(1, 4),
            twice(4, 8),
            twice(12 if interpolated else 8, 4),
        )
        self.grow = None if interpolated else nn.ConvTranspose2d(8, 4, 2, 2)
        self.last = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        high = self.down(x)
        deep = self.deep(nn.functional.max_pool2d(high, 2))
        if self.grow is None:
            grown = nn.functional.interpolate(deep, scale_factor=2, mode="bilinear")
        else:
            grown = self.grow(deep)
        return self.last(self.up(torch.cat([high, grown], 1)))


def compiled(backend: str) -> Any:
    return torch.compile(
        nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 3)), backend=backend
    )


def dropped() -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    )


def embedded() -> nn.Module:
    return nn.Sequential(nn.Embedding(11, 4, padding_idx=0), nn.LayerNorm(4), nn.Linear(4, 3))


def encoder() -> nn.Module:
    return nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)


def decoder() -> nn.Module:
    return nn.TransformerDecoderLayer(16, 4, 32, batch_first=True)
