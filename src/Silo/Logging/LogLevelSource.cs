namespace Lockstep.Silo.Logging;

/// <summary>A configuration that is replaced as a whole, and reports each change.</summary>
internal sealed class LogLevelSource : ConfigurationProvider, IConfigurationSource
{
    public LogLevelSource(Dictionary<string, string?> data) => Data = data;

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <returns>False if nothing is different.</returns>
    public bool Set(Dictionary<string, string?> data)
    {
        if (data.Count == Data.Count && data.All(pair => Data.TryGetValue(pair.Key, out var value) && value == pair.Value))
        {
            return false;
        }

        var before = Data;
        Data = data;
        try
        {
            OnReload();
        }
        catch
        {
            // Somebody cannot use it, so the former one stays in force.
            Data = before;
            OnReload();
            throw;
        }

        return true;
    }
}
