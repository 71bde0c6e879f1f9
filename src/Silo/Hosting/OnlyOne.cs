namespace Lockstep.Silo.Hosting;

/// <summary>Of the commands that take something over or go through all of it to change it, one at a time may run.</summary>
internal static class OnlyOne
{
    /// <param name="held">The lock; null while another command has it.</param>
    /// <exception cref="SettingsException">Another command has it.</exception>
    public static IAsyncDisposable Of(IAsyncDisposable? held) =>
        held ?? throw new SettingsException("An import, 'copy', 'restored' or 'check --repair' is running on this database already. Wait until it has ended, and run this again.");
}
