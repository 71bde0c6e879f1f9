namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Tells of what is wrong in a database, and repairs at once what follows from other rows, where that is asked for.</summary>
/// <param name="database">The database.</param>
/// <param name="repairs">Whether to repair.</param>
/// <param name="onFinding">Hears of each.</param>
internal sealed class Findings(UpkeepDatabase database, bool repairs, Action<Finding> onFinding)
{
    public bool Repairs => repairs;

    /// <summary>Something that nothing else tells how to repair.</summary>
    public void Tell(FindingKind kind, string where, string text) => onFinding(new Finding(database.Name, kind, where, text, RepairState.None));

    /// <summary>Something that follows from other rows.</summary>
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
