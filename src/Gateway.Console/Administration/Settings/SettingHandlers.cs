using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Settings;

/// <summary><c>/settings</c>: the settings of the process that answers, each with where it comes from.</summary>
internal sealed class SettingHandlers(ISettingsInForce settings)
{
    public Answer Show() => AdministrationAnswers.Of(new { settings = settings.Read() });
}
