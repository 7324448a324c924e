"""Figures of guides/export."""

import numpy
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper

from snippets._style import BLUE, INK, ORANGE, panels


def _exported(x: torch.Tensor) -> torch.Tensor:
    """Log(Sigmoid(x)), the graph that logsigmoid is exported as, in onnxruntime."""
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [len(x)]) for n in ("x", "y")]
    nodes = [helper.make_node("Sigmoid", ["x"], ["p"]), helper.make_node("Log", ["p"], ["y"])]
    model = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:]),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": x.numpy()})
    return torch.from_numpy(numpy.where(numpy.isinf(y), numpy.nan, y))


def tail(say):
    """logsigmoid in torch and in the exported graph, and their difference."""
    x = torch.linspace(-30, 5, 281)
    ours, got = F.logsigmoid(x), _exported(x)
    figure, (left, right) = panels()
    left.plot(x, ours, color=BLUE, lw=1.2, label="torch")
    left.plot(x, got, color=ORANGE, lw=3.2, alpha=0.6, label="onnxruntime")
    right.plot(x, got - ours, color=ORANGE)
    for ax in (left, right):
        ax.axvline(-18, color=INK, lw=0.8, ls=":")
        ax.set(xlabel="x", xlim=(-30, 5))
    right.annotate("−∞", (-25, 0.05))
    left.set_title("logsigmoid(x)")
    left.legend()
    right.set_title(say("导出图减 torch", "exported graph minus torch"))
    return figure
