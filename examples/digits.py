"""Trains a small network on scikit-learn's handwritten digits, written out in NumPy, and logs it.

The import line is the one a Trackio user writes; nothing else here knows which tracker it is. It takes about
a minute on two processors.
"""

import argparse
import math

import numpy as np
import trackio as wandb
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLASSES = 10
SIDE = 8


def shifted(images, random):
    """Moves each picture by up to one pixel, so that the network does not learn the pictures by heart."""
    pictures = images.reshape(-1, SIDE, SIDE)
    down, right = random.integers(-1, 2, 2)
    return np.roll(pictures, (down, right), axis=(1, 2)).reshape(images.shape)


def initial_layers(widths, random):
    pairs = zip(widths, widths[1:])
    return [(random.normal(0, math.sqrt(2 / inputs), (inputs, outputs)), np.zeros(outputs)) for inputs, outputs in pairs]


def forward(images, layers):
    """Activations of every layer; the last ones are class probabilities."""
    activations = [images]
    for position, (weights, bias) in enumerate(layers):
        scores = activations[-1] @ weights + bias
        if position < len(layers) - 1:
            activations.append(np.maximum(scores, 0))
        else:
            exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
            activations.append(exponentials / exponentials.sum(axis=1, keepdims=True))
    return activations


def backward(activations, labels, layers):
    """Gradient of the mean cross-entropy for each layer's weights and bias."""
    error = activations[-1].copy()
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    gradients = []
    for position in range(len(layers) - 1, -1, -1):
        gradients.append((activations[position].T @ error, error.sum(axis=0)))
        error = (error @ layers[position][0].T) * (activations[position] > 0)
    return gradients[::-1]


def scores(probabilities, labels, prefix):
    right = probabilities[np.arange(len(labels)), labels]
    return {
        f"{prefix}/loss": float(-np.log(right + 1e-12).mean()),
        f"{prefix}/accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=7500)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name")
    options = parser.parse_args()

    data = load_digits()
    train_x, eval_x, train_y, eval_y = train_test_split(
        data.data / 16, data.target, test_size=0.25, random_state=options.seed
    )
    random = np.random.default_rng(options.seed)
    layers = initial_layers([SIDE * SIDE, options.width, options.width, CLASSES], random)

    config = {**vars(options), "total_steps": options.steps, "train_images": len(train_x)}
    with wandb.init(project="digits", name=options.name, config=config):
        for step in range(1, options.steps + 1):
            rate = options.learning_rate * 0.5 * (1 + math.cos(math.pi * step / options.steps))
            batch = random.integers(0, len(train_x), options.batch)
            labels = train_y[batch]
            activations = forward(shifted(train_x[batch], random), layers)
            gradients = backward(activations, labels, layers)
            for (weights, bias), (weights_gradient, bias_gradient) in zip(layers, gradients):
                weights -= rate * weights_gradient
                bias -= rate * bias_gradient

            norm = math.sqrt(sum(float((part**2).sum()) for gradient in gradients for part in gradient))
            metrics = scores(activations[-1], labels, "train")
            metrics["train/learning_rate"] = rate
            metrics["train/grad_norm"] = norm
            metrics["train/epoch"] = step * options.batch / len(train_x)
            wandb.log(metrics, step=step)
            if step % 200 == 0:
                wandb.log(scores(forward(eval_x, layers)[-1], eval_y, "eval"), step=step)


if __name__ == "__main__":
    main()
