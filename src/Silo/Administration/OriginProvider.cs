using Lockstep.Gateway.Console.Administration.Settings;
using Microsoft.Extensions.Configuration.Memory;

namespace Lockstep.Silo.Administration;

/// <summary>Settings of which it is known where they come from.</summary>
/// <param name="origin">Where.</param>
/// <param name="settings">By their keys.</param>
internal sealed class OriginProvider(SettingOrigin origin, IReadOnlyDictionary<string, string?> settings)
    : MemoryConfigurationProvider(new MemoryConfigurationSource { InitialData = settings }), IConfigurationSource
{
    public SettingOrigin Origin => origin;

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}
