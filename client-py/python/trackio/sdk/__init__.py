"""Modules that programs written for wandb import classes from."""
