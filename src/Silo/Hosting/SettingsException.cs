namespace Lockstep.Silo.Hosting;

/// <summary>The server cannot start as it is configured; the message names the setting and the fix.</summary>
internal sealed class SettingsException(string message) : Exception(message);
