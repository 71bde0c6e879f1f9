namespace Lockstep.Interchange;

/// <summary>What an export has.</summary>
public sealed record ExportOptions
{
    /// <summary>The name of the only account to export. Default: null, everything.</summary>
    public string? Account { get; init; }

    /// <summary>Whether hashes of passwords, and rows that let somebody sign in, are left out. Default: no.</summary>
    public bool WithoutPasswords { get; init; }

    /// <summary>The version of the program, for the first line.</summary>
    public string Program { get; init; } = "";

    /// <summary>The engine, for the first line.</summary>
    public string Source { get; init; } = "";
}
