"""Charts of models of scikit-learn, under wandb's names: each is logged in the current run."""

from __future__ import annotations

from trackio import plot
from trackio._session import _require_run
from trackio._terminal import termwarn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def plot_roc(y_true: Any = None, y_probas: Any = None, labels: Any = None, plot_micro: bool = True, plot_macro: bool = True, classes_to_plot: Any = None) -> None:
    """Logs `roc`, the curve of each class."""
    _log("roc", lambda: plot.roc_curve(y_true, y_probas, labels, classes_to_plot))


def plot_precision_recall(y_true: Any = None, y_probas: Any = None, labels: Any = None, plot_micro: bool = True, classes_to_plot: Any = None) -> None:
    """Logs `precision_recall`, the curve of each class."""
    _log("precision_recall", lambda: plot.pr_curve(y_true, y_probas, labels, classes_to_plot))


def plot_confusion_matrix(y_true: Any = None, y_pred: Any = None, labels: Any = None, true_labels: Any = None, pred_labels: Any = None, normalize: bool = False) -> None:
    """Logs `confusion_matrix`."""
    _log("confusion_matrix", lambda: plot.confusion_matrix(y_true=y_true, preds=y_pred, class_names=labels))


def plot_feature_importances(model: Any = None, feature_names: Any = None, title: str = "Feature importance", max_num_features: int = 50) -> None:
    """Logs `feature_importances`, the greatest first."""

    def draw() -> Any:
        from trackio.table import Table

        values = getattr(model, "feature_importances_", None)
        values = abs(model.coef_).reshape(-1) if values is None else values
        names = [str(number) for number in range(len(values))] if feature_names is None else list(feature_names)
        pairs = sorted(zip(names, values), key=lambda pair: -pair[1])[:max_num_features]  # noqa: B905
        return plot.bar(Table(["feature", "importance"], [list(pair) for pair in pairs]), "feature", "importance", title)

    _log("feature_importances", draw)


def plot_class_proportions(y_train: Any = None, y_test: Any = None, labels: Any = None) -> None:
    """Logs `class_proportions`, how often each class is in both sets."""

    def draw() -> Any:
        from trackio.table import Table

        counts: dict[str, int] = {}
        for which, values in (("train", y_train), ("test", y_test)):
            for item in values:
                name = str(labels[item]) if labels is not None else str(item)
                counts[f"{name} {which}"] = counts.get(f"{name} {which}", 0) + 1
        return plot.bar(Table(["class", "count"], [list(pair) for pair in sorted(counts.items())]), "class", "count", "Classes")

    _log("class_proportions", draw)


def plot_summary_metrics(model: Any = None, X: Any = None, y: Any = None, X_test: Any = None, y_test: Any = None) -> None:
    """Records the score of a model on the test set in the summary."""

    def score() -> None:
        fitted = model if X is None or hasattr(model, "n_features_in_") else model.fit(X, y)
        _require_run("plot_summary_metrics").summary["score"] = float(fitted.score(X_test, y_test))

    _attempt("summary_metrics", score)


def plot_classifier(
    model: Any, X_train: Any, X_test: Any, y_train: Any, y_test: Any, y_pred: Any, y_probas: Any, labels: Any = None,
    is_binary: bool = False, model_name: str = "Classifier", feature_names: Any = None, log_learning_curve: bool = False,
) -> None:  # fmt: skip
    """Logs everything this module has for a classifier."""
    plot_feature_importances(model, feature_names)
    plot_class_proportions(y_train, y_test, labels)
    plot_confusion_matrix(y_test, y_pred, labels)
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_roc(y_test, y_probas, labels)
    plot_precision_recall(y_test, y_probas, labels)


def plot_residuals(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Logs `residuals`, predictions minus truth over the predictions."""

    def draw() -> Any:
        from trackio.table import Table

        predicted = regressor.predict(X)
        rows = [[float(guess), float(guess) - float(truth)] for guess, truth in zip(predicted, y)]  # noqa: B905
        return plot.scatter(Table(["predicted", "residual"], rows), "predicted", "residual", "Residuals")

    _log("residuals", draw)


def plot_regressor(model: Any, X_train: Any, X_test: Any, y_train: Any, y_test: Any, model_name: str = "Regressor") -> None:
    """Logs everything this module has for a regressor."""
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_residuals(model, X_test, y_test)


def plot_clusterer(model: Any, X_train: Any, cluster_labels: Any, labels: Any = None, model_name: str = "Clusterer") -> None:
    """Logs `clusters`, how many examples each has."""

    def draw() -> Any:
        from trackio.table import Table

        counts: dict[Any, int] = {}
        for item in cluster_labels:
            counts[item] = counts.get(item, 0) + 1
        rows = [[str(item), count] for item, count in sorted(counts.items())]
        return plot.bar(Table(["cluster", "examples"], rows), "cluster", "examples", model_name)

    _log("clusters", draw)


def _left_out(name: str) -> "Callable[..., None]":
    def function(*arguments: Any, **more: Any) -> None:
        termwarn(f"`sklearn.{name}` draws nothing here; `plot` and figures of Matplotlib can be logged", repeat=False)

    function.__name__ = name
    function.__doc__ = "Accepted; says once that it draws nothing."
    return function


plot_calibration_curve = _left_out("plot_calibration_curve")
plot_decision_boundaries = _left_out("plot_decision_boundaries")
plot_elbow_curve = _left_out("plot_elbow_curve")
plot_learning_curve = _left_out("plot_learning_curve")
plot_outlier_candidates = _left_out("plot_outlier_candidates")
plot_silhouette = _left_out("plot_silhouette")


def _log(name: str, draw: "Callable[[], Any]") -> None:
    _attempt(name, lambda: _require_run(name).log({name: draw()}))


def _attempt(name: str, function: "Callable[[], None]") -> None:
    try:
        function()
    except Exception as error:  # of models that are not ours
        termwarn(f"`{name}` is left out: {type(error).__name__}: {error}", repeat=False)
