using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>Serves one method of a resource.</summary>
internal delegate Answer CaptchaHandler(ICaptcha captcha, HttpRequest request);
