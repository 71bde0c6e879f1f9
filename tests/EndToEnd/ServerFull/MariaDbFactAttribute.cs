namespace Lockstep.EndToEnd.ServerFull;

/// <summary>A test that is left out, with the reason, where there is no MariaDB.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MariaDbFactAttribute : FactAttribute
{
    public MariaDbFactAttribute() => Skip = OwnMariaDb.Missing;
}
