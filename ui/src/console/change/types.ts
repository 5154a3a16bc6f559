/**
 * What the API answers about changes of the policy and of risk levels: names of these pages for the
 * shapes of the API document (`shared/openapi.d.ts`).
 */
export type {
  AttachedWhatIf,
  ChangeView as ChangeSummary,
  ColourCounts as Counts,
  DifferenceView as Difference,
  DivisionChange,
  Officer,
  PlacesOnDay,
  PolicyCheck as Checked,
  PolicyProblem as TextProblem,
  PolicyRef as PolicyName,
  PolicyRow,
  ProposalView as Proposal,
  RecolouringState as Recolouring,
  RegionLine,
  RuleChange,
  SampleChange as Sample,
  SampleSegment,
  Share,
  WhatIf as WhatIfResult,
  WhatIfView as WhatIf,
} from '../../shared/openapi';
