"""Plots of wandb.sklearn for a classifier of iris."""

import wandb
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

data = load_iris()
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, test_size=0.3, random_state=0)
model = RandomForestClassifier(n_estimators=5, random_state=0).fit(X_train, y_train)
run = wandb.init(project="iris", config=model.get_params())
labels = list(data.target_names)
wandb.sklearn.plot_class_proportions(y_train, y_test, labels)
wandb.sklearn.plot_roc(y_test, model.predict_proba(X_test), labels)
wandb.sklearn.plot_precision_recall(y_test, model.predict_proba(X_test), labels)
wandb.sklearn.plot_confusion_matrix(y_test, model.predict(X_test), labels)
wandb.sklearn.plot_feature_importances(model, data.feature_names)
wandb.log({"accuracy": model.score(X_test, y_test)})
wandb.finish()
