/** Results that others report on these photos, with sources. A result that cannot be compared says why. */

export interface Peer {
  readonly who: string;
  readonly test: string;
  readonly metric: "balanced accuracy" | "accuracy";
  /** A share, 0–1, and its spread as the source gives it (null if it gives none). */
  readonly value: number;
  readonly spread: string | null;
  /** Why it cannot be compared. Null: measured on the official test set as released, so only the form of our photos may differ. */
  readonly differs: string | null;
  readonly source: string;
}

const dermFm = "S. Yan et al., DermFM-Zero, arXiv:2602.10624";
const medMnist = "S. Doerrich et al., Scientific Reports 2025, arXiv:2404.15786";
const gessert = "N. Gessert et al., MethodsX 2020, arXiv:1910.03910";
const official = "official test set";
const probes = "1,503 of its photos; a linear model on frozen features";
const leaking = "its split leaks by lesion; always nv is right in 66.9 %";

export const peers: readonly Peer[] = [
  {
    ...{ who: "winner of the challenge of 2018", test: official, metric: "balanced accuracy", value: 0.885 },
    ...{ spread: null, differs: "private training data", source: "ISIC 2018 leaderboard, arXiv:1902.03368" },
  },
  {
    ...{ who: "DermFM-Zero, linear probe", test: official, metric: "balanced accuracy", value: 0.832 },
    ...{ spread: "0.789–0.873", differs: probes, source: dermFm },
  },
  {
    ...{ who: "PanDerm, linear probe", test: official, metric: "balanced accuracy", value: 0.782 },
    ...{ spread: null, differs: probes, source: dermFm },
  },
  {
    ...{ who: "DINOv3-L, linear probe", test: official, metric: "balanced accuracy", value: 0.748 },
    ...{ spread: null, differs: probes, source: dermFm },
  },
  {
    ...{ who: "CLIP-L, linear probe", test: official, metric: "balanced accuracy", value: 0.668 },
    ...{ spread: null, differs: probes, source: dermFm },
  },
  {
    ...{ who: "EfficientNets", test: "folds grouped by lesion", metric: "balanced accuracy", value: 0.742 },
    ...{ spread: null, differs: "eight classes of ISIC 2019", source: gessert },
  },
  {
    ...{ who: "EfficientNets", test: "ISIC 2019's test", metric: "balanced accuracy", value: 0.636 },
    ...{ spread: null, differs: "other photos, a class that training has not", source: gessert },
  },
  {
    ...{ who: "VGG16, 64 × 64", test: "DermaMNIST", metric: "accuracy", value: 0.795 },
    ...{ spread: "± 0.012", differs: leaking, source: medMnist },
  },
  {
    ...{ who: "VGG16, 128 × 128", test: "DermaMNIST", metric: "accuracy", value: 0.818 },
    ...{ spread: "± 0.013", differs: leaking, source: medMnist },
  },
  {
    ...{ who: "ResNet-18", test: "corrected DermaMNIST, external test", metric: "accuracy", value: 0.684 },
    ...{
      spread: null,
      differs: "accuracy, not balanced",
      source: "K. Abhishek et al., Scientific Data 2025, arXiv:2401.14497",
    },
  },
];
