namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Reports faults of a database. If asked to, repairs at once those whose right state follows from other rows.</summary>
/// <param name="database">The database.</param>
/// <param name="repairs">Whether to repair.</param>
/// <param name="onFinding">Receives each finding.</param>
internal sealed class Findings(UpkeepDatabase database, bool repairs, Action<Finding> onFinding)
{
    public bool Repairs => repairs;

    /// <summary>Reports a fault whose right state is not known from anything else.</summary>
    public void Tell(FindingKind kind, string where, string text) => onFinding(new Finding(database.Name, kind, where, text, RepairState.None));

    /// <summary>Reports a fault whose right state follows from other rows.</summary>
    /// <returns>Whether it was repaired.</returns>
    public async Task<bool> TellAsync(FindingKind kind, string where, string text, Func<Task> repair)
    {
        if (repairs)
        {
            await repair();
        }

        onFinding(new Finding(database.Name, kind, where, text, repairs ? RepairState.Done : RepairState.Possible));
        return repairs;
    }
}
