using System.Collections;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Silo.Doctor;

/// <summary><c>doctor</c>: looks at the settings and at what a server with them needs, and says what to do.</summary>
internal static class DoctorCommand
{
    public const string Help =
        """
        doctor                 looks at settings, directories, disk, database, clock, certificate, proxy, memory and limits, and
                               says what to do; with the settings of the server, best while it is stopped; changes nothing
        """;

    /// <param name="arguments">Settings.</param>
    /// <param name="variables">The environment.</param>
    /// <param name="time">The clock.</param>
    /// <param name="output">Gets a line for each thing.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code: 1 where there is an error.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IDictionary variables, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        var isSound = true;
        try
        {
            var configuration = SettingSources.Read(AppContext.BaseDirectory, variables, arguments, PassedSockets.None);
            var options = LockstepSettings.Read(configuration);
            Write(SettingsExamination.Examine(options, name => configuration[$"{SettingNames.Section}:{name}"] is not null));
            Write(MachineExamination.Examine(options));
            Write(DiskExamination.Examine(options));
            Write(await PostgresExamination.ExamineAsync(options, time, cancellationToken));
            Write(await new PublicUrlExamination(options, time).ExamineAsync(cancellationToken));
        }
        catch (Exception e) when (e is SettingsException or PostgresSetupException or InvalidDataException or FormatException)
        {
            Write(e.Message.Split(Environment.NewLine).Select(static line => Diagnosis.Error("settings", line)));
        }

        return isSound ? 0 : 1;

        void Write(IEnumerable<Diagnosis> found)
        {
            foreach (var one in found)
            {
                isSound &= one.Level != DiagnosisLevel.Error;
                output.WriteLine(one);
            }
        }
    }
}
