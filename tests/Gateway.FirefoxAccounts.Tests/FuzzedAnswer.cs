namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>What came back to a drawn request.</summary>
/// <param name="Template">The endpoint.</param>
/// <param name="Status">The status.</param>
/// <param name="Errno">Of a refusal; 0 for none.</param>
/// <param name="IsInShape">Whether a refusal has what clients read.</param>
/// <param name="SaysWhen">Whether it says when to try again.</param>
/// <param name="Said">Request and answer, for whoever looks into it.</param>
internal sealed record FuzzedAnswer(string Template, int Status, int Errno, bool IsInShape, bool SaysWhen, string Said);
