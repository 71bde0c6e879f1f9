namespace Lockstep.Import.ServerFull;

/// <summary>What becomes of an option of an old installation.</summary>
/// <param name="Origin">Section and option, or what else it comes from.</param>
/// <param name="Setting">The setting here, with its groups: <c>Sync11:QuotaBytes</c>; null where there is none.</param>
/// <param name="Value">Its value; null where there is none.</param>
/// <param name="Remark">Why, and what to do; empty for nothing.</param>
public sealed record TranslatedOption(string Origin, string? Setting, string? Value, string Remark = "");
